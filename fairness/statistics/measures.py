"""Metrics of a set of cases with their variances and replicates, as `analyse` takes them.

`binary.py` holds the metrics of a binary classifier, `case_scores.py` those of any score of a case,
such as a Dice coefficient.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights

Kind: TypeAlias = Literal["share", "auc", "average", "bounded", "mean", "norm"]
"""Type of a metric, which decides its interval.

share: cases counted among cases (Wilson). auc: DeLong. average: a mean over labels or classes, or
an agreement, whose variance is never 0 (Wilson's form between the ends of its span). bounded:
another statistic in [0, 1]. mean: a mean or a coefficient (Student). norm: a distance from the
ideal, replicated by how far it moved; not compared between groups, as it grows where cases are few.
"""


@dataclass(frozen=True)
class Metric:
    """Metric of a set of cases, such as an AUC."""

    name: str
    kind: Kind
    undefined: str
    """Reason in the report where it is undefined."""
    span: tuple[float, float] = (-math.inf, math.inf)
    """Range of the values."""
    reach: float = math.inf
    """Of a mean, or an average over labels: if a share of the cases (of an AUC, of the pairs)
    changes, the number changes by at most that share of this; inf where that bounds nothing."""


@dataclass(frozen=True)
class Summary:
    """Aggregate over the groups of an attribute: of one metric, or the worst of several."""

    name: str
    kind: Literal["difference", "ratio", "equity_scaled", "std", "smallest", "largest"]
    metrics: tuple[str, ...]


class Measures(Protocol):
    """Metrics of n cases; `rows` is an index (m,) of the cases concerned."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Names and types of the M metrics."""

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Aggregates over groups to report."""

    @property
    def positive(self) -> IntArray | None:
        """(n,) of 0/1, or None where cases have no class."""

    @property
    def score(self) -> FloatArray | None:
        """(n,) what an AUC ranks; None where there is none."""

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) values, NaN where undefined."""

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) numbers whose mean is the metric; NaN where a case has none, or it is no mean."""

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances in closed form, NaN where there is none; (M,) patients in denominators.

        `units` (m,) are the patients; their numbers are effective ones, as in `clusters.py`.
        """

    def doubts(self, rows: IntArray) -> Mapping[str, str]:
        """Metrics whose values say little about these cases, each with the reason."""

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) whether a case is in the metric's denominator."""

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function from weights (m, R) to replicates (R,) of at least the named metrics."""
