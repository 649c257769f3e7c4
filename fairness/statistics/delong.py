"""Variance of an AUC from placements: DeLong, DeLong and Clarke-Pearson, Biometrics 1988.

A placement is the share of the other class that a case beats, ties counting one half; sorting gives
all of them in O(n log n) (midranks: Sun and Xu, IEEE Signal Processing Letters 2014).
"""

import numpy as np

from fairness.arrays import Array, FloatArray


def delong(y_true: Array, y_score: Array) -> tuple[float, float]:
    """The AUC and its variance, of truth (n,) of 0/1 and scores (n,).

    The AUC is NaN for one class, the variance below two cases of each.
    """
    positive, negative = np.asarray(y_score)[y_true == 1], np.asarray(y_score)[y_true == 0]
    if not len(positive) or not len(negative):
        return np.nan, np.nan
    won = placements(positive, negative)
    if min(len(positive), len(negative)) < 2:
        return float(won.mean()), np.nan
    lost = placements(negative, positive)
    variance = won.var(ddof=1) / len(positive) + lost.var(ddof=1) / len(negative)
    return float(won.mean()), float(variance)


def placements(scores: Array, others: Array) -> FloatArray:
    """For each of `scores` (m,) the share of `others` below it, ties counting one half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return np.asarray(below / (2 * len(ordered)))
