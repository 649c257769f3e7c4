"""Means over the positives and over the negatives of sets of cases, such as TPR and FPR.

What stands for another prevalence is made of them: they do not depend on how many are positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.averages import mean_term
from fairness.statistics.clusters import effective_patients, mean_variances
from fairness.statistics.contrasts import SHRINK
from fairness.statistics.intervals import Limits, share_trials, weighted_trials, wilson


@dataclass(frozen=True)
class Part:
    """The mean of numbers in [0, 1] over some of the m cases of a set."""

    value: float
    """NaN where there is no such case."""
    trials: float
    """A share of so many independent cases is as precise."""
    patients: float
    """Effective number of patients."""
    moved: FloatArray
    """(m,) by how much each case moves it; 0 where it is not concerned."""


def share_part(counted: BoolArray, among: BoolArray, units: IntArray) -> Part:
    """The share of the cases `among` (m,) that are `counted` (m,); `units` (m,) are patients.

    Its interval is Wilson's of `Sampled`: of as many cases, or where patients have several, of as
    many independent ones as make it as precise.
    """
    n = int(among.sum())
    if not n:
        return Part(np.nan, 0.0, 0.0, np.zeros(len(among)))
    hits, inside = counted[among].astype(np.float64), units[among]
    value, patients = float(hits.mean()), effective_patients(inside)
    trials = float(n)
    if len(np.unique(inside)) < n:
        numbers = (np.array([x]) for x in (value, mean_variances(hits[None], inside)[0], patients))
        trials = float(share_trials(*numbers)[0])
    moved = np.where(among, counted - value, 0.0) / n
    return Part(value, trials, patients, moved)


def weighted_part(counted: BoolArray, units: IntArray, weights: FloatArray) -> Part:
    """The share of the weight (m,) of all cases that those `counted` have, as `weighted_trials`."""
    total = weights.sum()
    value = float(weights @ counted / total)
    moved = weights * (counted - value) / total
    sums, patients = np.bincount(units, moved), effective_patients(units, weights)
    people = int(units.max()) + 1
    seen = float(sums @ sums) * people / (people - 1) if people > 1 else np.nan
    trials = weighted_trials(*(np.array(x) for x in (value, seen, patients)))
    return Part(value, float(trials), patients, moved)


def mean_part(values: FloatArray, among: BoolArray, units: IntArray) -> Part:
    """The mean of `values` (m,) in [0, 1] over the cases `among` (m,), as `averages.mean_term`.

    Where few cases show how they vary, they are taken to vary as shares do.
    """
    if not among.any():
        return Part(np.nan, 0.0, 0.0, np.zeros(len(among)))
    term, value = mean_term(values, among, units), float(values[among].mean())
    alike = value * (1 - value) / term.variance if term.variance > 0 else 0.0
    return Part(value, max(alike, term.patients), term.patients, term.moved)


@dataclass(frozen=True)
class TwoClasses:
    """One mean over the positives and one over the negatives, of C sets of cases."""

    positive: FloatArray
    """(C,) values; NaN without positives."""
    negative: FloatArray
    """(C,)."""
    trials: FloatArray
    """(2, C) of positives, of negatives."""
    correlation: FloatArray
    """(C,) of the two; 0 unless patients have cases of both classes."""

    def take(self, index: IntArray) -> "TwoClasses":
        """Of the sets at an index (K,)."""
        return TwoClasses(
            self.positive[index],
            self.negative[index],
            self.trials[:, index],
            self.correlation[index],
        )

    def limits(self, q: FloatArray | float) -> tuple[Limits, Limits]:
        """Wilson's limits (C,) of both means at the normal quantile `q`."""
        trials = np.maximum(self.trials, 1.0)
        return wilson(self.positive, trials[0], q), wilson(self.negative, trials[1], q)

    def flipped(self) -> "TwoClasses":
        """One minus each of the means."""
        return TwoClasses(1 - self.positive, 1 - self.negative, self.trials, self.correlation)


def two_classes(parts: Sequence[tuple[Part, Part]], units: Sequence[IntArray]) -> TwoClasses:
    """Both parts of each of C sets; `units` are the patients (m,) of each."""
    pairs = list(zip(parts, units, strict=True))
    return TwoClasses(
        np.array([one.value for one, _ in parts]),
        np.array([other.value for _, other in parts]),
        np.array([[one.trials, other.trials] for one, other in parts]).reshape(-1, 2).T,
        np.array([moved_together(one, other, unit) for (one, other), unit in pairs]),
    )


def moved_together(one: Part, other: Part, units: IntArray) -> float:
    """Correlation of two parts of the same m cases by patient, shrunk by the fewer patients."""
    sums = [np.bincount(units, part.moved) for part in (one, other)]
    size = np.sqrt((sums[0] @ sums[0]) * (sums[1] @ sums[1]))
    if not size > 0:
        return 0.0
    patients = min(one.patients, other.patients)
    return float(sums[0] @ sums[1] / size * patients / (patients + SHRINK))
