"""Signed differences of metrics between every pair of groups: their intervals and tests.

A test is its interval, inverted: p is the level at which the interval just holds 0. So p < 0.05
exactly where the 95 % interval excludes 0, in small groups and at the boundary too.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates
from fairness.statistics.intervals import Limits, mover_difference
from fairness.statistics.sampled import Sampled

STEPS = 45
FURTHEST = 40.0
"""Quantile beyond which nothing is looked for: p is 0 in double precision."""
ROUNDING = 1e-6
"""Replicates, in float32, that move less do not move."""
SHRINK = 4.0
"""Weight, in patients, of no correlation beside the one that the bootstrap shows."""


@dataclass(frozen=True)
class Pairs:
    """K comparisons of two groups: value of the first minus value of the second."""

    metric: IntArray
    """(K,) index of the metric."""
    first: IntArray
    second: IntArray
    value: FloatArray
    correlation: FloatArray
    """(K,) of the two values; 0 unless patients are in several groups."""
    variance: FloatArray
    """(K,) of the difference, from the width of the groups' intervals: never 0."""
    crossing: FloatArray
    """(K,) smallest normal quantile at which the interval holds 0; NaN without an interval."""

    def take(self, chosen: BoolArray) -> "Pairs":
        """The pairs under the mask (K,)."""
        return Pairs(**{name: column[chosen] for name, column in vars(self).items()})

    @property
    def p(self) -> FloatArray:
        """(K,) two-sided, of each pair alone; it agrees with the interval at that quantile."""
        return np.asarray(2 * ndtr(-self.crossing))


def compare(sampled: Sampled, groups: IntArray, dependent: bool) -> Pairs:
    """Pairs of the groups in every metric that both have, norms left out.

    `dependent` says that a patient may be in several groups.
    """
    pairs = pairs_between(sampled, groups, dependent)
    return replace(pairs, crossing=crossing(sampled, pairs))


def pairs_between(sampled: Sampled, groups: IntArray, dependent: bool) -> Pairs:
    """The pairs of `compare` untested: their `crossing` is NaN."""
    found: list[IntArray] = []
    for m, metric in enumerate(sampled.measures.metrics):
        if metric.kind != "norm":
            inside = groups[np.isfinite(sampled.values[groups, m])]
            a, b = (inside[side] for side in np.triu_indices(len(inside), k=1))
            found.append(np.stack([np.full(len(a), m), a, b]))
    metric, first, second = np.concatenate(found, axis=1)
    value = sampled.values[first, metric] - sampled.values[second, metric]
    correlation = np.zeros(len(value))
    if dependent:
        correlation = _correlations(sampled, metric, first, second)
    spread_a, spread_b = (spread(sampled, cell, metric) for cell in (first, second))
    variance = spread_a**2 + spread_b**2 - 2 * correlation * spread_a * spread_b
    untested = np.full(len(value), np.nan)
    return Pairs(metric, first, second, value, correlation, variance, untested)


def spread(sampled: Sampled, cells: IntArray, metrics: IntArray) -> FloatArray:
    """Standard deviation of metrics of cells, from half the width of their intervals."""
    q = sampled.settings.quantile
    low, high = sampled.limits(cells, metrics, q)
    return np.asarray((high - low) / (2 * q))


def limits(sampled: Sampled, pairs: Pairs, q: FloatArray | float) -> Limits:
    """Limits (K,) of the differences at the normal quantile `q`, one for all or one for each."""
    (a, of_a), (b, of_b) = (
        (sampled.values[cell, pairs.metric], sampled.limits(cell, pairs.metric, q))
        for cell in (pairs.first, pairs.second)
    )
    return mover_difference(a, of_a, b, of_b, pairs.correlation)


def crossing(sampled: Sampled, pairs: Pairs) -> FloatArray:
    """(K,) smallest quantile at which the interval of a difference holds 0, by bisection."""
    below, above = np.zeros(len(pairs.value)), np.full(len(pairs.value), FURTHEST)
    for _ in range(STEPS):
        middle = (below + above) / 2
        low, high = limits(sampled, pairs, middle)
        holds = (low <= 0) & (high >= 0)
        below, above = np.where(holds, below, middle), np.where(holds, middle, above)
    unknown = np.isnan(low) | np.isnan(high)
    return np.where(unknown, np.nan, np.where(pairs.value == 0, 0.0, above))


def _correlations(
    sampled: Sampled, metric: IntArray, first: IntArray, second: IntArray
) -> FloatArray:
    """(K,) correlation of two groups' values over the replicates, shrunk by the fewer patients."""
    found = np.zeros(len(metric))
    for k, (m, a, b) in enumerate(zip(metric, first, second, strict=True)):
        patients = float(sampled.patients[[a, b], m].min())
        found[k] = correlation_of(sampled.replicates[[a, b], m], patients)
    return found


def correlation_of(replicates: Replicates, patients: float) -> float:
    """Correlation of two rows of replicates (2, R), shrunk by the fewer patients; 0 if none."""
    pair = replicates.astype(np.float64)
    pair = pair[:, np.isfinite(pair).all(0)]
    if pair.shape[1] < 2 or not (pair.std(1) > ROUNDING).all():
        return 0.0
    return float(np.corrcoef(pair)[0, 1] * patients / (patients + SHRINK))
