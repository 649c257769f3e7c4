"""How far people of unknown group could move a number: over all ways in which they could belong.

The extreme of a mean takes the extreme cases of the unknown into the group; that of an AUC its
highest positives and lowest negatives, or the other way round. What holds for two groups at once is
bounded by both extremes (Manski's worst case).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import UNKNOWN_LABEL
from fairness.statistics.contrasts import Pairs
from fairness.statistics.delong import placements
from fairness.statistics.equity_scaled import equity_scaled_range
from fairness.statistics.measures import Summary
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.weighted import weights_of
from fairness.statistics.weighted_extremes import auc_range, largest_weighted_mean

LEVELS = 101
"""Numbers of unknown cases that are tried, of each class; exact up to one fewer cases."""


@dataclass(frozen=True)
class Ranges:
    """Least and largest value of each group, metric by metric; NaN where nobody is unknown."""

    grouping: SampledGrouping
    low: FloatArray
    """(G, M)."""
    high: FloatArray

    def of_pairs(self, pairs: Pairs) -> tuple[FloatArray, FloatArray]:
        """Least and largest difference (K,) of each pair."""
        a, b, m = pairs.first, pairs.second, pairs.metric
        return self.low[a, m] - self.high[b, m], self.high[a, m] - self.low[b, m]

    def of_summary(self, summary: Summary) -> tuple[float | None, float | None]:
        """Bounds of a number over the compared groups; None where there are none."""
        names = [metric.name for metric in self.grouping.sampled.measures.metrics]
        groups = self.grouping.of_tier("descriptive", "inferential")
        found = [self._of_metric(summary, names.index(name), groups) for name in summary.metrics]
        low, high = (max(side) for side in zip(*found, strict=True))
        return (low, high) if np.isfinite([low, high]).all() else (None, None)

    def _of_metric(self, summary: Summary, m: int, groups: IntArray) -> tuple[float, float]:
        defined = groups[np.isfinite(self.grouping.sampled.values[groups, m])]
        low, high = self.low[defined, m], self.high[defined, m]
        if len(defined) < 2 or np.isnan(low).any():
            return np.nan, np.nan
        if summary.kind == "equity_scaled":
            return self._equity_scaled(m, low, high)
        gap = max(high[i] - np.delete(low, i).min() for i in range(len(defined)))
        if summary.kind == "difference":
            return max(0.0, float(low.max() - high.min())), float(gap)
        if summary.kind == "smallest":
            return float(low.min()), float(high.min())
        if summary.kind == "largest":
            return float(low.max()), float(high.max())
        if summary.kind == "ratio":
            ratios = [np.delete(low, i).min() / high[i] for i in range(len(high)) if high[i] > 0]
            return float(min(1.0, *ratios, 1.0)), 1.0
        middle = ((low + high) / 2).mean()  # of a standard deviation
        furthest = np.maximum(np.abs(low - middle), np.abs(high - middle))
        return 0.0, float(np.sqrt((furthest**2).mean()))

    def _equity_scaled(self, m: int, low: FloatArray, high: FloatArray) -> tuple[float, float]:
        """Each of the unknown belongs to some group, so the overall value is that of all cases."""
        overall = float(self._of_everybody[m])
        least, _ = equity_scaled_range((overall, overall), low, high)
        return least, overall

    @cached_property
    def _of_everybody(self) -> FloatArray:
        """(M,) values of the known and the unknown together."""
        sampled = self.grouping.sampled
        return sampled.measures.values(np.sort(np.concatenate(sampled.rows[-2:])))


def ranges_of(grouping: SampledGrouping) -> Ranges:
    """Ranges of every group and metric.

    Where the unknown are too few to be shown, nothing but their number is used, lest the ranges
    give them away.
    """
    sampled, unknown = grouping.sampled, grouping.sampled.rows[-2]
    groups, metrics = len(grouping.tiers), sampled.measures.metrics
    low, high = np.full((groups, len(metrics)), np.nan), np.full((groups, len(metrics)), np.nan)
    if not unknown.size:
        return Ranges(grouping, low, high)
    hidden = UNKNOWN_LABEL in grouping.hidden
    if (weights := weights_of(sampled.measures)) is not None:
        return weighted_ranges(grouping, weights)
    extra = sampled.measures.case_values(unknown)
    score, y = sampled.measures.score, sampled.measures.positive
    for g in grouping.of_tier("descriptive", "inferential"):
        rows = sampled.rows[g]
        inside = sampled.measures.case_values(rows)
        for m, metric in enumerate(metrics):
            if metric.kind == "auc" and score is not None and y is not None:
                added = [np.full(len(unknown), end) for end in (np.inf, -np.inf)]
                of_group = [score[rows[y[rows] == k]] for k in (1, 0)]
                of_unknown = [score[unknown[y[unknown] == k]] for k in (1, 0)]
                lowest, highest = (added[::-1], added) if hidden else (of_unknown, of_unknown)
                low[g, m] = 1 - highest_auc(*(-s for s in of_group), *(-s for s in lowest))
                high[g, m] = highest_auc(*of_group, *highest)
            elif metric.kind in ("share", "mean"):
                ends = (0.0, 1.0) if metric.kind == "share" else metric.span
                cases = [np.full(len(unknown), end) for end in ends] if hidden else [extra[m]] * 2
                low[g, m] = -largest_mean(-inside[m], -cases[0])
                high[g, m] = largest_mean(inside[m], cases[1])
    return Ranges(grouping, low, high)


def weighted_ranges(grouping: SampledGrouping, weights: FloatArray) -> Ranges:
    """The same of weighted cases: of AUCs, shares and means."""
    sampled, unknown = grouping.sampled, grouping.sampled.rows[-2]
    groups, metrics = len(grouping.tiers), sampled.measures.metrics
    low, high = np.full((groups, len(metrics)), np.nan), np.full((groups, len(metrics)), np.nan)
    extra, hidden = sampled.measures.case_values(unknown), UNKNOWN_LABEL in grouping.hidden
    score, y = sampled.measures.score, sampled.measures.positive
    for g in grouping.of_tier("descriptive", "inferential"):
        rows = sampled.rows[g]
        inside = sampled.measures.case_values(rows)
        for m, metric in enumerate(metrics):
            if metric.kind == "auc" and score is not None and y is not None:
                low[g, m], high[g, m] = auc_range(score, y, weights, rows, unknown, hidden)
            elif metric.kind in ("share", "mean") and np.isfinite(sampled.values[g, m]):
                ends = (0.0, 1.0) if metric.kind == "share" else metric.span
                cases = [np.full(len(unknown), end) for end in ends] if hidden else [extra[m]] * 2
                of_group, more = weights[rows], weights[unknown]
                low[g, m] = -largest_weighted_mean((-inside[m], of_group), (-cases[0], more))
                high[g, m] = largest_weighted_mean((inside[m], of_group), (cases[1], more))
    return Ranges(grouping, low, high)


def largest_mean(inside: FloatArray, extra: FloatArray) -> float:
    """Largest mean of all of `inside` (k,) with any of `extra` (u,); NaN belongs to neither."""
    inside, extra = inside[np.isfinite(inside)], extra[np.isfinite(extra)]
    if not inside.size:
        return np.nan
    sums = inside.sum() + np.concatenate([[0.0], np.cumsum(np.sort(extra)[::-1])])
    return float((sums / (inside.size + np.arange(len(sums)))).max())


def highest_auc(
    positive: FloatArray, negative: FloatArray, more: FloatArray, others: FloatArray
) -> float:
    """Highest AUC of `positive` against `negative` with any of `more` and of `others` added.

    `more` are positives, the highest of which are taken; `others` negatives, the lowest.
    """
    if not positive.size or not negative.size:
        return np.nan
    more, others = np.sort(more)[::-1], np.sort(others)
    won = placements(positive, negative).sum() * len(negative)
    by_more = _running(placements(more, negative) * len(negative))
    by_others = _running((1 - placements(others, positive)) * len(positive))
    taken, added = (_levels(len(extra)) for extra in (more, others))
    best = 0.0
    for p in taken:
        between = np.zeros(len(others) + 1)
        if p:
            between = _running((1 - placements(others, more[:p])) * p)
        wins = won + by_more[p] + by_others[added] + between[added]
        best = max(best, float((wins / ((len(positive) + p) * (len(negative) + added))).max()))
    return best


def _running(values: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values)])


def _levels(n: int) -> IntArray:
    return np.unique(np.linspace(0, n, min(n + 1, LEVELS)).round().astype(np.int64))
