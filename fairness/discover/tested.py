"""The test of a subgroup against everybody else, as pairs of groups are tested in a report."""

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
class Side:
    """AUC of a subgroup, or of everybody else."""

    value: float
    variance: float
    """By DeLong, of patients."""
    people: tuple[int, int]
    """Number of patients with negatives, and with positives."""

    def limits(self, q: FloatArray | float) -> Limits:
        """Score interval at a normal quantile."""
        value, variance = np.array([self.value]), np.array([self.variance])
        negatives, positives = (np.array([float(n)]) for n in self.people)
        return auc_score_interval(value, variance, negatives, positives, q)

    @property
    def regular(self) -> float:
        """Variance that few cases do not hide (`auc_variance`)."""
        value, variance = np.array([self.value]), np.array([self.variance])
        negatives, positives = (np.array([float(n)]) for n in self.people)
        return float(auc_variance(value, variance, negatives, positives)[0])


@dataclass(frozen=True)
class Tested:
    """A subgroup against everybody else in the test half."""

    inside: Side
    outside: Side
    correlation: float
    """Of both AUCs; 0 unless a patient has cases on both sides."""

    @property
    def gap(self) -> float:
        """AUC of the subgroup minus that of everybody else."""
        return self.inside.value - self.outside.value

    def limits(self, q: FloatArray | float) -> Limits:
        """Of the gap at a normal quantile (MOVER)."""
        a, b = (np.array([side.value]) for side in (self.inside, self.outside))
        of_a, of_b = self.inside.limits(q), self.outside.limits(q)
        return mover_difference(a, of_a, b, of_b, np.array([self.correlation]))

    @property
    def p(self) -> float:
        """Two-sided: the level at which the interval of the gap just holds 0."""
        return float(p_of(crossing_of(self.limits, np.array([self.gap])))[0])

    @property
    def variance(self) -> float:
        """Of the gap."""
        a, b = self.inside.regular, self.outside.regular
        return a + b - 2 * self.correlation * float(np.sqrt(a * b))


def held_against_others(
    members: BoolArray, y_true: IntArray, y_score: FloatArray, units: IntArray
) -> Tested:
    """Test the members (m,) of a subgroup among cases with truth, scores and patients (m,).

    Both sides need two patients of each class.
    """
    sides, moved = [], []
    for chosen in (members, ~members):
        y, unit = y_true[chosen], units[chosen]
        value, of_cases = influence(y, y_score[chosen])
        people = tuple(np.unique(unit[y == k]).size for k in (0, 1))
        sides.append(Side(value, variance_of(of_cases, y, unit), (people[0], people[1])))
        whole = np.zeros(len(y_true))
        whole[chosen] = of_cases
        moved.append(np.bincount(units, whole, units.max() + 1))
    spread = np.sqrt((moved[0] @ moved[0]) * (moved[1] @ moved[1]))
    correlation = float(moved[0] @ moved[1] / spread) if spread > 0 else 0.0
    return Tested(sides[0], sides[1], correlation)
