"""Variance of an AUC from placements: DeLong, DeLong and Clarke-Pearson, Biometrics 1988.

A placement is the share of the other class that a case beats, ties counting one half; sorting gives
all of them in O(n log n) (midranks: Sun and Xu, IEEE Signal Processing Letters 2014).
"""

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.metrics.classification import are_dense
from fairness.statistics.clusters import people, units_of


def delong(y_true: Array, y_score: Array) -> tuple[float, float]:
    """The AUC and its variance, of truth (n,) of 0/1 and scores (n,).

    The AUC is NaN for one class, the variance below two cases of each.
    """
    y = np.asarray(y_true)
    auc, moved = influence(y, y_score)
    return auc, variance_of(moved, y, np.arange(len(y)))


def influence(y_true: Array, y_score: Array) -> tuple[float, FloatArray]:
    """The AUC and by how much (n,) each case moves it; NaN for one class.

    A positive moves it by its placement minus the AUC, divided by the number of positives; so does
    a negative.
    """
    y, s = np.asarray(y_true), np.asarray(y_score)
    moved = np.full(len(y), np.nan)
    positive, negative = s[y == 1], s[y == 0]
    if not len(positive) or not len(negative):
        return np.nan, moved
    won, lost = placements(positive, negative), placements(negative, positive)
    auc = float(won.mean())
    moved[y == 1] = (won - auc) / len(positive)
    moved[y == 0] = (1 - auc - lost) / len(negative)
    return auc, moved


def variance_of(moved: FloatArray, y_true: Array, units: Array) -> float:
    """Variance of an AUC, or of the difference of two, whose cases move it by `moved` (n,).

    The cases of a patient, of one class or of both, move it together (Obuchowski, Biometrics 1997);
    where every case is a patient of its own this is DeLong's. `units` (n,) are the patients. NaN
    where a class has fewer than two.
    """
    unit = units_of(units)
    of_class = [
        np.bincount(unit[y_true == k], moved[y_true == k], unit.max(initial=-1) + 1) for k in (0, 1)
    ]
    patients = [people(unit[y_true == k]) for k in (0, 1)]
    if min(patients) < 2:
        return np.nan
    alone = sum(m / (m - 1) * (x @ x) for m, x in zip(patients, of_class, strict=True))
    everyone = len(of_class[0])
    both = 2 * everyone / (everyone - 1) * (of_class[0] @ of_class[1])
    return float(max(alone + both, 0.0))


def placements(scores: Array, others: Array) -> FloatArray:
    """For each of `scores` (m,) the share of `others` below it, ties counting one half.

    Dense whole numbers, such as ranks, are counted, others sorted.
    """
    if are_dense(scores) and are_dense(others):
        equal = np.bincount(others, minlength=int(scores.max(initial=0)) + 1)
        upto = np.cumsum(equal)
        return np.asarray((2 * upto - equal)[scores] / (2 * len(others)))
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return np.asarray(below / (2 * len(ordered)))
