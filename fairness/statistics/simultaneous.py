"""Intervals that hold together for all groups, and what follows from them for the largest gap.

The percentile interval of a maximum is wrong: the largest of several noisy gaps is above 0 in every
replicate, so that interval never covers 0, even where all groups are alike. Here the signed
differences get intervals that hold jointly (max-T: the quantile of their largest standardised error),
and a maximum over them lies between the largest lower and the largest upper limit. Norms (sums of
absolute deviations, standard deviation) use |norm(truth) - norm(estimate)| <= norm(truth - estimate):
the replicates give the distribution of the right side.
"""

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.intervals import Limits


def joint_quantile(errors: FloatArray, confidence: float, q: float) -> float:
    """How many standard errors hold all of K errors at once; never below `q`, that of a single one.

    Args:
        errors: (K, R) replicates minus estimates, NaN where undefined.
        confidence: e.g. 0.95.
        q: quantile of the standard normal distribution for a single interval.
    """
    spread = np.sqrt(np.nanmean(errors**2, axis=-1, keepdims=True)) if errors.size else errors
    varies = (spread > 0).ravel()
    if not varies.any():
        return q
    largest = np.fmax.reduce(np.abs(errors[varies]) / spread[varies], axis=0)
    return max(q, float(np.nanquantile(largest, confidence)))


def largest_difference(low: FloatArray, high: FloatArray) -> tuple[float, float]:
    """Limits of the largest absolute difference, from joint limits (K,) of signed differences."""
    return (
        max(0.0, float(np.max(low)), float(np.max(-high))),
        max(0.0, float(np.max(high)), float(np.max(-low))),
    )


def norm_limits(value: float, distances: FloatArray, confidence: float) -> tuple[float, float]:
    """Limits of a norm that is `value`, from the norms (R,) of how far the replicates moved."""
    reach = float(np.nanquantile(distances, confidence))
    return max(0.0, value - reach), value + reach


def equity_scaled_limits(
    overall: float, values: FloatArray, all_moved: FloatArray, moved: FloatArray, confidence: float
) -> tuple[float, float]:
    """Limits of `overall / (1 + sum |values - overall|)`.

    Were the estimates off by what a replicate is off, the truth would have the overall value
    `overall - all_moved`, and a sum within `sum |moved - all_moved|` of the estimated one: a range
    for the number itself. The limits hold the ranges of all but the outermost replicates.

    Args:
        overall: over all groups.
        values: (G,) of the groups.
        all_moved: (R,) replicates of `overall`, minus it.
        moved: (G, R) replicates of `values`, minus them.
        confidence: e.g. 0.95.
    """
    distance = np.abs(values - overall).sum()
    reach = np.abs(moved - all_moved).sum(0)
    tail = (1 - confidence) / 2
    low = np.nanquantile((overall - all_moved) / (1 + distance + reach), tail)
    high = np.nanquantile((overall - all_moved) / (1 + np.maximum(distance - reach, 0)), 1 - tail)
    return float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))


def extreme_limits(limits: Limits, smallest: bool) -> tuple[float, float]:
    """Limits of the smallest (or largest) of G values, from joint limits of each."""
    pick = np.min if smallest else np.max
    return float(pick(limits[0])), float(pick(limits[1]))
