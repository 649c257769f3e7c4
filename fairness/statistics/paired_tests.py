"""Paired tests as published, beside the p of `changes.py`, which agree with its intervals."""

import numpy as np
from scipy.special import ndtr

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.delong import influence, variance_of


def delong_p(y: IntArray, new: FloatArray, old: FloatArray, units: IntArray) -> float:
    """Two-sided p of the difference of two AUCs of the same cases (DeLong et al., Biometrics 1988).

    Args:
        y: (m,) of 0/1.
        new: (m,) scores.
        old: (m,) scores.
        units: (m,) patients; several cases of one count together (Obuchowski 1997).

    Returns:
        1 where nothing differs; NaN where a class is absent.
    """
    (auc, moved), (before, moved_before) = (influence(y, score) for score in (new, old))
    if not np.isfinite(auc):
        return float("nan")
    change, variance = auc - before, variance_of(moved - moved_before, y, units)
    if not variance > 0:
        return 1.0 if change == 0 else 0.0
    return float(2 * ndtr(-abs(change) / np.sqrt(variance)))


def mcnemar_p(gained: int, lost: int) -> float:
    """Two-sided p of the chi-square test without correction (McNemar, Psychometrika 1947).

    Args:
        gained: cases that are right in the new run alone.
        lost: cases that were right in the old run alone.
    """
    together = gained + lost
    return 1.0 if together == 0 else float(2 * ndtr(-abs(gained - lost) / np.sqrt(together)))
