"""Youden's operating point; to be chosen on validation, never on the split that is reported."""

import numpy as np

from fairness.arrays import Array
from fairness.errors import DataError


def youden_threshold(y_true: Array, y_score: Array) -> float:
    """Threshold that maximises sensitivity + specificity - 1 (Youden, Cancer 1950).

    A case is positive from the threshold on. The answer lies half-way between two scores, so that
    rounding in another runtime turns no case over; of equally good ones it is the highest. Where no
    cut is better than none it is the lowest score: everything is positive.

    Args:
        y_true: (n,) 0 or 1.
        y_score: (n,) scores, higher for positives.

    Raises:
        DataError: one class is missing.
    """
    order = np.argsort(-np.asarray(y_score), kind="stable")
    scores, positive = np.asarray(y_score)[order], np.asarray(y_true)[order] == 1
    if positive.all() or not positive.any():
        raise DataError("no threshold can be chosen: the labels are of one class only")
    gained = np.cumsum(positive) / positive.sum() - np.cumsum(~positive) / (~positive).sum()
    gained[:-1][scores[:-1] == scores[1:]] = -np.inf  # equal scores cannot be cut apart
    cut = int(np.argmax(gained))
    return float(scores[cut:][:2].mean())
