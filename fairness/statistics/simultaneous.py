"""Simultaneous intervals over groups, and the limits of summaries that follow from them.

The percentile interval of a maximum is wrong: the largest of several noisy gaps is above 0 in every
replicate, so that interval never covers 0, even where all groups are alike. Here the signed
differences get intervals that hold jointly (max-T: the quantile of their largest standardised
error), and a maximum over them lies between the largest lower and the largest upper limit. Sums of
absolute deviations use |norm(truth) - norm(estimate)| <= norm(truth - estimate), whose distribution
the replicates give.
"""

from itertools import product

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.bootstrap import DEFINED

MOST_SIGNED = 9
"""Largest number of groups with every combination of signs tried; beyond, errors are summed."""


def joint_quantile(errors: FloatArray, confidence: float, q: float) -> float:
    """Number of standard errors that bounds all of K errors jointly; at least `q`, that of one.

    `errors` (K, R) are replicates minus estimates, NaN where undefined; `q` is the quantile of the
    standard normal distribution for a single interval.
    """
    spread = np.sqrt(np.nanmean(errors**2, axis=-1, keepdims=True)) if errors.size else errors
    varies = (spread > 0).ravel()
    if not varies.any():
        return q
    largest = np.fmax.reduce(np.abs(errors[varies]) / spread[varies], axis=0)
    reach = float(quantiles(largest, confidence))
    return max(q, reach) if np.isfinite(reach) else np.nan


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


def equity_scaled_limits(
    overall: float, values: FloatArray, all_moved: FloatArray, moved: FloatArray, confidence: float
) -> tuple[float, float]:
    """Limits of `overall / (1 + sum |values - overall|)`.

    Let e be the estimate, s its sum, a the error of `overall`, d_g that of `values - overall`.
    With the true signs t_g of the deviations, the true sum is at most s - sum t_g d_g, so the truth
    is at least e - (a - e sum t_g d_g) / (1 + s): the least favourable signs are taken. As the true
    sum is at least s - sum |d_g| and at least 0, the truth is at most e + max(0, e sum |d_g| - a).

    Args:
        overall: over all groups.
        values: (G,) of the groups.
        all_moved: (R,) replicates of `overall`, minus it.
        moved: (G, R) replicates of `values`, minus them.
        confidence: e.g. 0.95.
    """
    distance = float(np.abs(values - overall).sum())
    scaled = overall / (1 + distance)
    apart = scaled * (moved - all_moved)
    reach = np.abs(apart).sum(0)
    level = (1 + confidence) / 2
    signed = reach[None]
    if len(values) <= MOST_SIGNED:
        signed = np.array(list(product((-1.0, 1.0), repeat=len(values)))) @ apart  # (2^G, R)
    below = np.max(quantiles(all_moved + signed, level))
    above = np.maximum(0.0, quantiles(reach - all_moved, level))
    return (
        float(np.clip(scaled - below / (1 + distance), 0, 1)),
        float(np.clip(scaled + above, 0, 1)),
    )


def quantiles(replicates: FloatArray, level: float) -> FloatArray:
    """Quantile over the defined replicates of (..., R); NaN where fewer than 95 % are defined.

    A replicate counts as defined where all of the leading axes are.
    """
    defined = np.isfinite(replicates).all(axis=tuple(range(replicates.ndim - 1)))
    if not defined.any() or defined.mean() < DEFINED:
        return np.full(replicates.shape[:-1], np.nan)
    return np.asarray(np.quantile(replicates[..., defined], level, axis=-1))
