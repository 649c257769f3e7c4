"""Tests of a difference between two groups, from its variance.

With DeLong's variances this is the unpaired test of two AUCs, with `pooled_variance` the usual test
of two shares.
"""

import numpy as np
from scipy.special import ndtr

from fairness.arrays import FloatArray


def two_sided_p(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """p-value of a normal difference; NaN where its variance is 0 or unknown."""
    z = np.full(np.shape(difference), np.nan)
    np.divide(-np.abs(difference), np.sqrt(variance), out=z, where=variance > 0)
    return np.asarray(2 * ndtr(z))


def pooled_variance(
    a: FloatArray, trials_a: FloatArray, b: FloatArray, trials_b: FloatArray
) -> FloatArray:
    """Variance of the difference of two independent shares if they are equal."""
    pooled = (a * trials_a + b * trials_b) / (trials_a + trials_b)
    return np.asarray(pooled * (1 - pooled) * (1 / trials_a + 1 / trials_b))
