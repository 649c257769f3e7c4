"""Sums over patients from which a share or a mean, and its variance, follow exactly when pooled.

With x the sum of a patient's numbers and n that of his cases in the denominator, the linearised
variance of X / N is the sum of (x - X / N n)^2 over N^2, times P / (P - 1) of P patients, as in
`clusters.mean_variances`: made of three sums, which add up over sites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.metrics.classification import SHARES, outcomes
from fairness.statistics.measures import Metric

BRIER = "brier_score"
IN_THE_LARGE = "calibration_in_the_large"
"""Mean score minus share of positives: calibration-in-the-large on the scale of probability."""

MEANS = (
    Metric(BRIER, "mean", "no case", span=(0.0, 1.0), reach=1.0),
    Metric(IN_THE_LARGE, "mean", "no case", span=(-1.0, 1.0), reach=1.0),
)


@dataclass(frozen=True)
class Sums:
    """Of one metric in one group."""

    total: float
    """X: of the numbers."""
    cases: int
    """N: in the denominator."""
    patients: int
    """P: with such cases."""
    xx: float
    """Sum of x^2."""
    xn: float
    nn: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(a + b for a, b in zip(self.columns, other.columns, strict=True)))  # type: ignore[arg-type]  # same order

    @property
    def columns(self) -> tuple[float, ...]:
        """The fields in order."""
        return (self.total, self.cases, self.patients, self.xx, self.xn, self.nn)

    @property
    def value(self) -> float:
        """The share or mean; NaN without a case."""
        return self.total / self.cases if self.cases else np.nan

    @property
    def variance(self) -> float:
        """By patient; NaN of fewer than two."""
        if self.patients < 2:
            return np.nan
        moved = self.xx - 2 * self.value * self.xn + self.value**2 * self.nn
        return max(moved, 0.0) / self.cases**2 * self.patients / (self.patients - 1)

    @property
    def effective_patients(self) -> float:
        """Kish's number of patients of equal weight."""
        return self.cases**2 / self.nn if self.nn else 0.0


NOTHING = Sums(0.0, 0, 0, 0.0, 0.0, 0.0)


def sums_of(
    positive: IntArray, score: FloatArray, decided: BoolArray, units: IntArray
) -> dict[str, Sums]:
    """Sums of every share and mean over the m cases of a group, by name of the metric."""
    table = outcomes(positive, decided)
    found = {}
    for name, share in SHARES.items():
        counted, among = (np.array(k) @ table for k in (share.counted, share.among))
        found[name] = summed(counted.astype(np.float64), among > 0, units)
    error, everybody = score.astype(np.float64) - positive, np.ones(len(units), dtype=bool)
    found[BRIER] = summed(error**2, everybody, units)
    found[IN_THE_LARGE] = summed(error, everybody, units)
    return found


def summed(values: FloatArray, among: BoolArray, units: IntArray) -> Sums:
    """Sums of the values (m,) of the cases `among` (m,)."""
    x = np.bincount(units[among], values[among])
    n = np.bincount(units[among]).astype(np.float64)
    return Sums(
        float(x.sum()),
        int(n.sum()),
        int(np.count_nonzero(n)),
        float(x @ x),
        float(x @ n),
        float(n @ n),
    )


def pooled(parts: Sequence[Mapping[str, Sums]]) -> dict[str, Sums]:
    """The sums of several sites together, of people that are at one site each."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: sum((part[name] for part in parts), NOTHING) for name in names}
