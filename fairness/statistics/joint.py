"""Quantiles and p-values that hold for several differences at once (max-T, single step).

Where the groups do not differ, the largest of the standardised differences follows a distribution
that the variances of the groups alone decide. It is drawn, not calculated: group values Z_g are
normal with the variances v_g, and the draw is max |Z_i - Z_j| / sqrt(v_i + v_j) over all pairs.
Interval and p come from the same draws, so p < 0.05 exactly where the joint 95 % interval of the
pair excludes 0.
"""

from zlib import crc32

import numpy as np
from scipy.special import ndtr

from fairness.arrays import FloatArray
from fairness.statistics.bootstrap import Replicates
from fairness.statistics.contrasts import Pairs, spread
from fairness.statistics.sampled import Sampled

DRAWS = 20_000
BLOCK = 4_000_000
"""Differences held at once."""


def largest_draws(sampled: Sampled, pairs: Pairs, name: str) -> FloatArray:
    """(DRAWS,) ascending draws of the largest standardised difference over the pairs.

    Pairs without an interval take no part; those of different metrics are drawn independently,
    which can only make the largest larger. Of a single pair nothing is drawn (0,): what holds for
    the pair alone remains. `name` is part of the seed, with that of the settings.
    """
    known = pairs.take(np.isfinite(pairs.crossing))
    largest = np.zeros(DRAWS, dtype=np.float32)
    if len(known.value) < 2:
        return np.array([])
    for metric in np.unique(known.metric):
        of_metric = known.take(known.metric == metric)
        columns = (of_metric.metric, of_metric.first, of_metric.second, of_metric.correlation)
        key = b"".join([name.encode(), *(column.tobytes() for column in columns)])
        if key not in sampled.drawn:
            sampled.drawn[key] = _of_metric(sampled, of_metric, name, int(metric))
        np.maximum(largest, sampled.drawn[key], out=largest)
    return np.sort(largest.astype(np.float64))


def _of_metric(sampled: Sampled, pairs: Pairs, name: str, metric: int) -> Replicates:
    """(DRAWS,) largest difference of the pairs of one metric, in the order of the draws."""
    seed = [sampled.settings.seed, crc32(name.encode()), metric]
    moved = _moved(sampled, pairs, np.random.default_rng(seed))
    size = max(1, BLOCK // DRAWS)
    scale = np.sqrt(pairs.variance).astype(np.float32)[:, None]
    groups = np.union1d(pairs.first, pairs.second)
    a, b = (np.searchsorted(groups, side) for side in (pairs.first, pairs.second))
    largest = np.zeros(DRAWS, dtype=np.float32)
    for k in range(0, len(a), size):
        part = slice(k, k + size)
        apart = np.abs(moved[a[part]] - moved[b[part]]) / scale[part]
        np.maximum(largest, apart.max(0), out=largest)
    return largest


def joint_quantile(draws: FloatArray, confidence: float, q: float) -> float:
    """The quantile that bounds all differences at once; at least `q`, that of a single one."""
    if not draws.size:
        return q
    # As many draws may lie beyond as leave p, below, under 1 - confidence.
    beyond = int(np.ceil((1 - confidence) * (len(draws) + 1) - 1)) - 1
    return max(q, float(draws[len(draws) - 1 - max(beyond, 0)]))


def joint_p(draws: FloatArray, crossing: FloatArray) -> FloatArray:
    """(K,) probability of a largest difference that far out; not below the p of the pair alone.

    The difference itself counts as one more draw, so that no p is 0.
    """
    alone = np.asarray(2 * ndtr(-crossing))
    if not draws.size:
        return alone
    beyond = len(draws) - np.searchsorted(draws, crossing, side="left")
    p = np.maximum((beyond + 1) / (len(draws) + 1), alone)
    return np.where(np.isnan(crossing), np.nan, p)


def _moved(sampled: Sampled, pairs: Pairs, rng: np.random.Generator) -> FloatArray:
    """(G, DRAWS) normal values of the groups with their variances and correlations."""
    groups = np.union1d(pairs.first, pairs.second)
    drawn = rng.standard_normal((len(groups), DRAWS), dtype=np.float32)
    if pairs.correlation.any():
        together = np.eye(len(groups))
        a, b = (np.searchsorted(groups, side) for side in (pairs.first, pairs.second))
        together[a, b] = together[b, a] = pairs.correlation
        size, turned = np.linalg.eigh(together)
        drawn = (turned * np.sqrt(np.maximum(size, 0.0))).astype(np.float32) @ drawn
    metric = np.full(len(groups), pairs.metric[0])
    return np.asarray(drawn * spread(sampled, groups, metric).astype(np.float32)[:, None])
