"""A change of a mean that (nearly) nobody moved: how far patients who were not seen could move it.

Student's interval has no width there, and says too much. Without any assumption about the size of
the differences: where k of m patients differ, the share of patients who would is at most the exact
binomial limit (Clopper and Pearson, Biometrika 1934); of k = 0 it is 1 - (alpha / 2) ** (1 / m).
Each of them can move the number only so far.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainccinv, ndtr

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.clusters import units_of

FEW_MOVED = 5
"""Fewer patients than this, and fewer than half, show nothing of the size of other differences."""
ROUNDING = 1e-5
"""Differences, as part of the largest possible one, which float32 makes of equal models."""
METHOD = "exact share of patients"


@dataclass(frozen=True)
class Unmoved:
    """Patients of whom all but a few differ between two runs by the same, mostly by nothing."""

    common: float
    """The difference of all but a few."""
    moved: float
    """Effective number of the few."""
    patients: float
    """Effective number of all."""
    reach: float
    """Largest difference, in either direction, that one patient can have."""

    def limits(self, q: float) -> tuple[float, float]:
        """Of the mean difference, at a quantile of the standard normal distribution."""
        share = 1.0
        if self.moved < self.patients:
            share = float(betainccinv(self.moved + 1, self.patients - self.moved, ndtr(-q)))
        low, high = (end - self.common for end in (-self.reach, self.reach))
        return self.common + share * low, self.common + share * high


def unmoved_mean(
    differences: FloatArray, units: IntArray, patients: float, reach: float
) -> Unmoved | None:
    """Of a mean of cases; None where more than a few patients differ, or without a bound.

    Args:
        differences: (n,) of the cases, new minus old.
        units: (n,) their patients, who count whole.
        patients: the effective number of them.
        reach: by how much one can differ.
    """
    if not np.isfinite(reach):
        return None
    unit = units_of(units)
    of_patients = np.bincount(unit, differences) / np.bincount(unit)
    common = float(np.median(of_patients))
    moved = int((np.abs(of_patients - common) > ROUNDING * reach).sum())
    if moved >= FEW_MOVED or 2 * moved >= len(of_patients):
        return None
    return Unmoved(common, moved / len(of_patients) * patients, patients, reach)


def unmoved_average(differences: FloatArray, patients: float, reach: float) -> Unmoved | None:
    """Of an average over labels or classes; None where any case (n,) moves it, or without a bound.

    Of each label no case (of an AUC: no pair of different people) differs, so the share of those
    that would is at most that of its own m; the mean of these shares is at most that of the
    harmonic mean of the m, which `patients` is. No label needs a stricter level, since all of
    them were seen not to differ.
    """
    if not np.isfinite(reach) or (np.abs(differences) > ROUNDING * reach).any():
        return None
    return Unmoved(0.0, 0.0, max(patients, 1.0), reach)
