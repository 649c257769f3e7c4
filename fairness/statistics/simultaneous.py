"""Limits of maxima and sums that follow from joint limits, and of norms.

The percentile interval of a maximum is wrong: the largest of several noisy gaps is above 0 in every
replicate, so that interval never covers 0, even where all groups are alike. Here the signed
differences have limits that hold jointly (`joint.py`), and a maximum over them lies between the
largest lower and the largest upper limit. Norms use |norm(truth) - norm(estimate)| <=
norm(truth - estimate), whose distribution the replicates give.
"""

import numpy as np
from scipy.special import ndtri

from fairness.arrays import FloatArray
from fairness.statistics.bootstrap import DEFINED


def sidak(confidence: float, groups: int) -> float:
    """Normal quantile at which intervals of that many independent numbers hold together."""
    return float(ndtri(0.5 + confidence ** (1 / groups) / 2))


def largest_difference(low: FloatArray, high: FloatArray) -> tuple[float, float]:
    """Limits of the largest absolute difference, from joint limits (K,) of signed differences."""
    return (
        max(0.0, float(np.max(low)), float(np.max(-high))),
        max(0.0, float(np.max(high)), float(np.max(-low))),
    )


def spread_limits(low: FloatArray, high: FloatArray, groups: int) -> tuple[float, float]:
    """Limits of the standard deviation over groups, from joint limits (K,) of all differences.

    It is the root of the sum of their squares, divided by the number of groups.
    """
    nearest, furthest = np.maximum(0.0, np.maximum(low, -high)), np.maximum(high, -low)
    least, most = (float(np.sqrt((gap**2).sum())) / groups for gap in (nearest, furthest))
    return least, most


def norm_limits(value: float, distances: FloatArray, confidence: float) -> tuple[float, float]:
    """Limits of a norm that is `value`, from the norms (R,) of how far the replicates moved."""
    reach = float(quantiles(distances, confidence))
    return float(np.maximum(0.0, value - reach)), value + reach


def quantiles(replicates: FloatArray, level: float) -> FloatArray:
    """Quantile over the defined replicates of (..., R); NaN where fewer than 95 % are defined.

    A replicate counts as defined where all of the leading axes are.
    """
    defined = np.isfinite(replicates).all(axis=tuple(range(replicates.ndim - 1)))
    if not defined.any() or defined.mean() < DEFINED:
        return np.full(replicates.shape[:-1], np.nan)
    return np.asarray(np.quantile(replicates[..., defined], level, axis=-1))
