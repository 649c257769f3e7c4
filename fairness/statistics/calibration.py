"""Calibration error and calibration curve over bins of equal mass."""

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.outcomes import CurvePoint
from fairness.statistics.intervals import wilson


def equal_mass_bins(y_score: Array, bins: int) -> IntArray:
    """Bin of each score (n,), cut at quantiles; equal scores share a bin, so bins may be empty."""
    if not len(y_score):
        return np.zeros(0, dtype=np.int64)
    edges = np.quantile(y_score, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, y_score).astype(np.int64)


def weighted_mass_bins(y_score: Array, bins: int, weights: FloatArray) -> IntArray:
    """The same of cases with weights (n,) above 0, of which each bin holds as much."""
    if not len(y_score):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(y_score, kind="stable")
    upto = np.cumsum(weights[order])
    at = np.linspace(0, 1, bins + 1)[1:-1] * upto[-1]
    # The lowest score at which so much weight is reached; rounding may lift it above all.
    last = np.minimum(np.searchsorted(upto, at), len(order) - 1)
    return np.searchsorted(np.asarray(y_score)[order][last], y_score).astype(np.int64)


def calibration_error(y_true: Array, y_score: Array, bins: int = 10) -> float:
    """Expected calibration error over equal-mass bins; 0 means calibrated, biased upwards if small.

    The mean over all cases of their bin's |share of positives - mean score|.
    """
    excess = np.bincount(equal_mass_bins(y_score, bins), np.subtract(y_true, y_score))
    return float(np.abs(excess).sum() / len(y_true)) if len(y_true) else np.nan


def calibration_curve(y_true: Array, y_score: Array, bins: int, q: float) -> tuple[CurvePoint, ...]:
    """Points of a reliability diagram, one for each non-empty equal-mass bin, ascending."""
    bin_of = equal_mass_bins(y_score, bins)
    sizes = np.bincount(bin_of)
    kept, n = np.flatnonzero(sizes), sizes[sizes > 0].astype(np.float64)
    observed = np.bincount(bin_of, y_true)[kept] / n
    score = np.bincount(bin_of, y_score)[kept] / n
    low, high = wilson(observed, n, q)
    columns = [column.tolist() for column in (score, observed, low, high, sizes[kept])]
    return tuple(CurvePoint(*point) for point in zip(*columns, strict=True))
