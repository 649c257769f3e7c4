"""The test of subgroups against everybody else, as pairs of groups are tested in a report."""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.intervals import (
    Limits,
    auc_score_interval,
    auc_variance,
    mover_difference,
)
from fairness.statistics.mover import crossing_of, p_of


@dataclass(frozen=True)
class Sides:
    """AUCs of C subgroups, or of everybody else beside each."""

    value: FloatArray
    variance: FloatArray
    """By DeLong, of patients."""
    negatives: FloatArray
    """Number of patients with negatives."""
    positives: FloatArray

    def limits(self, q: FloatArray | float) -> Limits:
        """Score intervals at a normal quantile."""
        return auc_score_interval(self.value, self.variance, self.negatives, self.positives, q)

    @property
    def regular(self) -> FloatArray:
        """Variances that few cases do not hide (`auc_variance`)."""
        return auc_variance(self.value, self.variance, self.negatives, self.positives)


@dataclass(frozen=True)
class Tests:
    """C subgroups against everybody else."""

    inside: Sides
    outside: Sides
    correlation: FloatArray
    """Of both AUCs; 0 unless a patient has cases on both sides."""

    @property
    def gap(self) -> FloatArray:
        """AUC of the subgroup minus that of everybody else."""
        return self.inside.value - self.outside.value

    def limits(self, q: FloatArray | float) -> Limits:
        """Of the gaps at a normal quantile (MOVER)."""
        a, b = self.inside, self.outside
        return mover_difference(a.value, a.limits(q), b.value, b.limits(q), self.correlation)

    @property
    def p(self) -> FloatArray:
        """Two-sided, each alone: the level at which the interval of the gap just holds 0."""
        return p_of(crossing_of(self.limits, self.gap))

    @property
    def variance(self) -> FloatArray:
        """Of the gaps."""
        a, b = self.inside.regular, self.outside.regular
        return np.asarray(a + b - 2 * self.correlation * np.sqrt(a * b))


def against_others(
    members: BoolArray, y_true: IntArray, y_score: FloatArray, units: IntArray
) -> Tests:
    """Test subgroups (C, m) among cases with truth of 0/1, scores and patients (m,).

    Both sides of each need two patients of either class.
    """
    numbers, moved = np.zeros((2, len(members), 4)), np.zeros((2, len(members), units.max() + 1))
    for side, chosen in enumerate((members, ~members)):
        for i, who in enumerate(chosen):
            y, unit = y_true[who], units[who]
            value, of_cases = influence(y, y_score[who])
            people = [np.unique(unit[y == k]).size for k in (0, 1)]
            numbers[side, i] = value, variance_of(of_cases, y, unit), *people
            moved[side, i] = np.bincount(unit, of_cases, units.max() + 1)
    both = (moved[0] * moved[1]).sum(1)
    spread = np.sqrt((moved[0] ** 2).sum(1) * (moved[1] ** 2).sum(1))
    correlation = np.divide(both, spread, out=np.zeros(len(members)), where=spread > 0)
    inside, outside = (Sides(*of_side.T) for of_side in numbers)
    return Tests(inside, outside, correlation)
