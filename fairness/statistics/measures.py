"""What is measured: the numbers of a set of cases, and their replicates under resampling.

`analyse` knows no metric; it takes anything of this shape. `binary.py` holds the metrics of a
binary classifier, `case_scores.py` any score that each case has, such as a Dice coefficient.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights

Kind: TypeAlias = Literal["share", "auc", "bounded", "mean", "norm"]
"""How a number gets its interval.

share: cases counted among cases (Wilson). auc: DeLong. bounded: another statistic in [0, 1]. mean:
a mean or a coefficient (Student). norm: a distance from the ideal, whose replicates are how far it
moved, and which is not compared between groups, as it grows where cases are few.
"""


@dataclass(frozen=True)
class Metric:
    """One number of a set of cases."""

    name: str
    kind: Kind
    undefined: str
    """Why it can be undefined, as the report says it."""
    given_outcome: bool = False
    """It speaks of positives and negatives apart, so labels are permuted within the outcomes."""
    span: tuple[float, float] = (-math.inf, math.inf)
    """What values are possible."""


@dataclass(frozen=True)
class Summary:
    """One number of all groups of an attribute, made from one metric, or the worst of several."""

    name: str
    kind: Literal["difference", "ratio", "equity_scaled", "std", "smallest", "largest"]
    metrics: tuple[str, ...]


class Measures(Protocol):
    """The numbers of n cases; `rows` always is an index of m of them."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """M of them."""

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """What is reported of all groups together."""

    @property
    def positive(self) -> IntArray | None:
        """(n,) of 0/1, or None where cases have no class."""

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) the numbers of these cases, NaN where undefined."""

    def variances(self, rows: IntArray) -> FloatArray:
        """(M,) their variances in closed form, NaN where there is none."""

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) which cases the number is over: its denominator."""

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """What turns weights (m, R) into replicates (R,) of at least the named metrics."""
