"""Signed differences of a metric between every pair of groups, with joint intervals and tests.

With DeLong's variances the test is the unpaired test of two AUCs, with `pooled_variance` the usual
test of two shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, resampled_variance
from fairness.statistics.intervals import Limits, mover_difference
from fairness.statistics.sampled import Sampled
from fairness.statistics.simultaneous import joint_quantile


@dataclass(frozen=True)
class Pairs:
    """K pairs of groups, compared in one metric: value of the first minus value of the second."""

    metric: int
    first: IntArray
    second: IntArray
    value: FloatArray
    errors: FloatArray
    """(K, R) replicates minus `value`."""
    variance: FloatArray
    """(K,) of `value`."""
    p: FloatArray
    """(K,) two-sided, of this pair alone."""


def compare(sampled: Sampled, metric: int, groups: IntArray, dependent: bool) -> Pairs:
    """Pairs of the groups that have a value; `dependent` if a patient may be in several."""
    groups = groups[np.isfinite(sampled.values[groups, metric])]
    a, b = (groups[side] for side in np.triu_indices(len(groups), k=1))
    values, replicates = sampled.values[:, metric], sampled.replicates[:, metric]
    value = values[a] - values[b]
    errors = replicates[a] - replicates[b] - value[:, None]
    if dependent:
        patients = np.minimum(sampled.patients[a, metric], sampled.patients[b, metric])
        variance = resampled_variance(errors, patients)
    else:
        variance = sampled.variance[a, metric] + sampled.variance[b, metric]
    tested = variance
    if sampled.measures.metrics[metric].kind == "share" and not dependent:
        n = sampled.trials[:, metric]
        pooled = pooled_variance(values[a], n[a], values[b], n[b])
        tested = np.where(sampled.clustered[a] | sampled.clustered[b], variance, pooled)
    return Pairs(metric, a, b, value, errors, variance, two_sided_p(value, tested))


def joint_limits(sampled: Sampled, families: Sequence[Pairs], dependent: bool) -> list[Limits]:
    """Limits (K,) of each family of pairs, holding jointly for all of the families."""
    settings = sampled.settings
    errors = np.concatenate([pairs.errors for pairs in families])
    q = joint_quantile(errors, settings.confidence, settings.quantile)
    return [_limits(sampled, pairs, q, dependent) for pairs in families]


def _limits(sampled: Sampled, pairs: Pairs, q: float, dependent: bool) -> Limits:
    values, (low, high) = sampled.values[:, pairs.metric], sampled.limits(pairs.metric, q)
    a, b = pairs.first, pairs.second
    correlation = np.zeros(len(a))
    if dependent:
        moved = sampled.replicates[:, pairs.metric]
        correlation[:] = [_correlation(moved[[i, j]]) for i, j in zip(a, b, strict=True)]
    return mover_difference(values[a], (low[a], high[a]), values[b], (low[b], high[b]), correlation)


def _correlation(pair: Replicates) -> float:
    defined = pair[:, np.isfinite(pair).all(0)]
    varies = defined.shape[1] > 1 and (defined.std(1) > 0).all()
    return float(np.corrcoef(defined)[0, 1]) if varies else 0.0


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
