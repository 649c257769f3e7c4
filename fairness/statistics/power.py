"""The smallest gap that a test would probably find: what silence is worth."""

import numpy as np
from scipy.special import ndtri

from fairness.arrays import FloatArray


def minimum_detectable(
    variance: FloatArray | float, confidence: float = 0.95, power: float = 0.8, tests: int = 1
) -> FloatArray:
    """The difference that a two-sided test finds with probability `power`.

    Args:
        variance: of the estimated difference.
        confidence: 1 - the error rate of the family.
        power: probability of finding it.
        tests: size of the family; the smallest p-value of Holm's method must beat the error rate
            divided by it.
    """
    tail = (1 - confidence) / (2 * tests)
    return np.asarray((ndtri(power) - ndtri(tail)) * np.sqrt(variance))


def detectable_auc_gap(
    sizes: tuple[int, int], others: tuple[int, int], auc: float = 0.8, power: float = 0.8
) -> float:
    """The AUC gap that two groups could show, from their sizes alone, before any inference.

    Args:
        sizes: positives and negatives of the group.
        others: positives and negatives of what it is compared with.
        auc: assumed in both; variance of Hanley and McNeil, Radiology 1982.
        power: probability of finding the gap at 95 %.
    """
    if min(*sizes, *others) < 1:
        return float("nan")
    return float(minimum_detectable(_planned(auc, *sizes) + _planned(auc, *others), power=power))


def detectable_rate_gap(n: int, others: int, rate: float = 0.8, power: float = 0.8) -> float:
    """The same for a share, such as the true positive rate among `n` and `others` positives."""
    if min(n, others) < 1:
        return float("nan")
    return float(minimum_detectable(rate * (1 - rate) * (1 / n + 1 / others), power=power))


def _planned(auc: float, positives: int, negatives: int) -> float:
    one, two = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    spread = auc * (1 - auc) + (positives - 1) * one + (negatives - 1) * two
    return spread / (positives * negatives)
