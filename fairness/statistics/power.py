"""Minimum detectable effects: the smallest gap that a test would probably find."""

import numpy as np
from scipy.special import ndtri

from fairness.arrays import FloatArray

TWO_SIDED = float(ndtri(0.975))
ASSUMED = 0.8
"""AUC, or rate, of both groups where only their sizes are known."""


def minimum_detectable(
    variance: FloatArray | float, q: float = TWO_SIDED, power: float = 0.8
) -> FloatArray:
    """Difference of that variance that a two-sided test finds with probability `power`.

    The test rejects from `q` standard errors on, 1.96 for one test, more for joint ones.
    """
    return np.asarray((ndtri(power) + q) * np.sqrt(variance))


def detectable_auc_gap(sizes: tuple[int, int], others: tuple[int, int]) -> float:
    """AUC gap that a test finds with probability 0.8, from sizes alone; NaN for an empty class.

    Sizes are (positives, negatives): of the group, and of the cases that it is compared with.
    """
    if min(*sizes, *others) < 1:
        return float("nan")
    return float(minimum_detectable(_variance_of_auc(*sizes) + _variance_of_auc(*others)))


def detectable_rate_gap(n: int, others: int) -> float:
    """The same for a share, such as the true positive rate among `n` and `others` positives."""
    if min(n, others) < 1:
        return float("nan")
    return float(minimum_detectable(ASSUMED * (1 - ASSUMED) * (1 / n + 1 / others)))


def _variance_of_auc(positives: int, negatives: int) -> float:
    """Hanley and McNeil, Radiology 1982."""
    auc = ASSUMED
    one, two = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    spread = auc * (1 - auc) + (positives - 1) * one + (negatives - 1) * two
    return spread / (positives * negatives)
