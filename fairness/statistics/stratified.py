"""A number of one group, standardised over strata: the sum of w_k x its value in stratum k.

The weights are those of the standard, the same for every group that is compared, and are taken as
given. Limits join those of the strata, which are Wilson's, by MOVER (Yan and Su, Statistics in
Biopharmaceutical Research 2010): value - sqrt(sum of w_k^2 (value_k - low_k)^2), likewise upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.class_parts import share_part
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.intervals import auc_trials, auc_variance, wilson


@dataclass(frozen=True)
class InStrata:
    """A number of one group in each of S strata."""

    value: FloatArray
    """(S,) NaN where the group has no such case, or of an AUC one class only."""
    trials: FloatArray
    """(S,) of a share that is as precise: limits are Wilson's."""
    variance: FloatArray
    """(S,) never 0; of shares after two more successes and two more failures."""
    size: FloatArray
    """(S,) cases; of an AUC patients of the rarer class."""
    moved: FloatArray
    """(m,) by how much each case moves the number of its stratum."""
    stratum: IntArray
    """(m,) of each case; -1: in none."""

    @property
    def defined(self) -> BoolArray:
        """(S,) where there is a value."""
        return np.isfinite(self.value)


@dataclass(frozen=True)
class Standard:
    """The sum over strata, of one group."""

    value: float
    variance: float
    """Never 0."""
    weights: FloatArray
    """(S,) of the strata; 0 where it is not used."""
    strata: InStrata
    between: float
    """What is added to the variance as patients are in several strata."""
    moved: FloatArray
    """(m,) by how much each case moves it."""

    def limits(self, q: float) -> tuple[float, float]:
        """Lower and upper limit at the normal quantile `q`."""
        used = self.weights > 0
        w, value = self.weights[used], self.strata.value[used]
        low, high = wilson(value, self.strata.trials[used], q)
        more = q**2 * self.between
        under, over = (np.sqrt(w**2 @ (value - end) ** 2 + more) for end in (low, high))
        return max(0.0, self.value - float(under)), min(1.0, self.value + float(over))


def share_in_strata(
    counted: BoolArray, among: BoolArray, units: IntArray, stratum: IntArray, strata: int
) -> InStrata:
    """The share of the cases `among` (m,) that are `counted` (m,), stratum by stratum.

    Args:
        counted: in the numerator.
        among: in the denominator.
        units: (m,) patients.
        stratum: (m,) of each case, -1 for none.
        strata: S, how many there are.
    """
    value, trials, variance, size = (np.full(strata, np.nan) for _ in range(4))
    moved = np.zeros(len(units))
    for k in np.unique(stratum[among & (stratum >= 0)]):
        rows = np.flatnonzero(among & (stratum == k))
        part = share_part(counted[rows], np.ones(len(rows), dtype=bool), units[rows])
        value[k], trials[k], moved[rows] = part.value, part.trials, part.moved
        likely = (part.value * part.trials + 2) / (part.trials + 4)
        variance[k], size[k] = likely * (1 - likely) / part.trials, len(rows)
    return InStrata(value, trials, variance, size, moved, stratum)


def auc_in_strata(
    y: IntArray, score: FloatArray, units: IntArray, stratum: IntArray, strata: int
) -> InStrata:
    """The AUC in each stratum, with the variance of `auc_score_interval`; arguments as above."""
    value, trials, variance, size = (np.full(strata, np.nan) for _ in range(4))
    moved = np.zeros(len(units))
    for k in np.unique(stratum[stratum >= 0]):
        rows = np.flatnonzero(stratum == k)
        auc, of_rows = influence(y[rows], score[rows])
        if np.isnan(auc):
            continue
        classes = [effective_patients(units[rows][y[rows] == c]) for c in (0, 1)]
        seen = variance_of(of_rows, y[rows], units[rows])
        value[k], size[k], moved[rows] = auc, min(classes), of_rows
        numbers = [np.array(x) for x in (auc, seen, *classes)]
        trials[k], variance[k] = auc_trials(*numbers), auc_variance(*numbers)
    return InStrata(value, trials, variance, size, moved, stratum)


def standardised_over(one: InStrata, weights: FloatArray, units: IntArray) -> Standard:
    """The sum over the strata of weights (S,) that sum to 1, all of them with a value.

    Patients with cases in several strata move these together: what that adds to the variance is
    added.
    """
    used = weights > 0
    value = float(weights[used] @ one.value[used])
    total = float(weights[used] ** 2 @ one.variance[used])
    moved = np.where(one.stratum >= 0, weights[one.stratum], 0.0) * one.moved
    between = max(0.0, between_strata(moved, one.stratum, units))
    return Standard(value, total + between, weights, one, between, moved)


def between_strata(moved: FloatArray, stratum: IntArray, units: IntArray) -> float:
    """Twice the sum of the products of what a patient moves in different strata."""
    sums = np.bincount(units, moved)
    _, cell = np.unique(np.stack([units, stratum]), axis=1, return_inverse=True)
    alone = np.bincount(cell.ravel(), moved)
    return float(sums @ sums - alone @ alone)


def shared_weights(sizes: FloatArray, groups: Sequence[InStrata]) -> FloatArray:
    """(S,) weights of a standard of so many cases in each stratum, where all groups have a value.

    All 0 where there is no such stratum.
    """
    kept = np.where(np.all([one.defined for one in groups], axis=0), sizes, 0.0)
    return np.asarray(kept / kept.sum() if kept.sum() > 0 else kept)
