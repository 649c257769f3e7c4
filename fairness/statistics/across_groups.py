"""Summaries over groups: largest gap, ratio, equity-scaled value, spread, worst group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.metrics import disparity
from fairness.statistics.contrasts import Pairs, limits
from fairness.statistics.equity_scaled import MOST_SIGNED, equity_scaled_low, equity_scaled_range
from fairness.statistics.joint import joint_p, joint_quantile, largest_draws
from fairness.statistics.measures import Summary
from fairness.statistics.sampled import Sampled
from fairness.statistics.simultaneous import largest_difference, sidak, spread_limits


@dataclass(frozen=True)
class Across:
    """Value, low, high of a summary; the two groups furthest apart in the metric behind it."""

    numbers: tuple[float, float, float]
    highest: int
    lowest: int
    p: float = np.nan
    """Of a largest gap: that no pair of groups differs. It agrees with the limits."""


def across(
    summary: Summary, sampled: Sampled, pairs: Pairs, name: str, dependent: bool
) -> Across | None:
    """One summary over the compared groups; None where fewer than two have a value.

    The last of the sampled sets holds all known cases; `pairs` are those of every metric, `name` is
    the attribute's, `dependent` says that patients may be in several groups.
    """
    names = [metric.name for metric in sampled.measures.metrics]
    behind = pairs.take(np.isin(pairs.metric, [names.index(name) for name in summary.metrics]))
    if not len(behind.value):
        return None
    metric = int(behind.metric[np.abs(behind.value).argmax()])
    of_metric = behind.take(behind.metric == metric)
    groups = np.union1d(of_metric.first, of_metric.second)
    values = sampled.values[groups, metric]
    highest, lowest = int(groups[values.argmax()]), int(groups[values.argmin()])
    if summary.kind not in ("difference", "std"):
        numbers = _of_one_metric(summary, sampled, metric, groups, dependent)
        return Across(numbers, highest, lowest)
    draws = largest_draws(sampled, behind, name)
    q = joint_quantile(draws, sampled.settings.confidence, sampled.settings.quantile)
    low, high = limits(sampled, behind, q)
    if summary.kind == "std":
        numbers = (float(values.std()), *spread_limits(low, high, len(groups)))
        return Across(numbers, highest, lowest)
    numbers = (float(np.ptp(values)), *largest_difference(low, high))
    p = float(joint_p(draws, np.max(behind.crossing, keepdims=True))[0])
    return Across(numbers, highest, lowest, p)


def _of_one_metric(
    summary: Summary, sampled: Sampled, metric: int, groups: IntArray, dependent: bool
) -> tuple[float, float, float]:
    """Value and limits of a ratio, an equity-scaled value, or the worst group of one metric."""
    values, alone = sampled.values[groups, metric], sampled.settings.quantile
    joint = sidak(sampled.settings.confidence, len(groups))
    of = np.full(len(groups), metric)
    low, high = sampled.limits(groups, of, alone)
    joint_low, joint_high = sampled.limits(groups, of, joint, exact=True)
    if summary.kind == "ratio":
        best = joint_high.min() / joint_low.max() if joint_low.max() > 0 else 1.0
        least = joint_low.min() / joint_high.max()
        return float(disparity.ratio(values)), float(least), float(min(best, 1.0))
    if summary.kind == "smallest":
        return float(values.min()), float(low.min()), float(joint_high.min())
    if summary.kind == "largest":
        return float(values.max()), float(joint_low.max()), float(high.max())
    overall = float(sampled.values[-1, metric])
    of_all = sampled.limits(np.array([-1]), of[:1], joint, exact=True)
    least, most = equity_scaled_range(_pair(of_all), joint_low, joint_high)
    if len(groups) <= MOST_SIGNED and not dependent and np.isfinite(low + high).all():
        weights = sampled.trials[groups, metric] / sampled.trials[groups, metric].sum()
        least = equity_scaled_low(overall, values, low, high, weights)
    return float(disparity.equity_scaled(overall, values)), least, most


def _pair(limits_of_one: Sequence[FloatArray]) -> tuple[float, float]:
    low, high = limits_of_one
    return float(low[0]), float(high[0])
