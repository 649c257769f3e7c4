"""Summaries over groups: largest gap, ratio, equity-scaled value, spread, worst group."""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import IntArray
from fairness.metrics import disparity
from fairness.statistics.contrasts import Pairs, joint_limits
from fairness.statistics.measures import Summary
from fairness.statistics.sampled import Sampled
from fairness.statistics.simultaneous import (
    equity_scaled_limits,
    joint_quantile,
    largest_difference,
    spread_limits,
)


@dataclass(frozen=True)
class Across:
    """Value, low, high of a summary; the two groups furthest apart in the metric behind it."""

    numbers: tuple[float, float, float]
    highest: int
    lowest: int


def across(
    summary: Summary, sampled: Sampled, families: dict[str, Pairs], dependent: bool
) -> Across | None:
    """One summary over the compared groups; None where fewer than two have a value.

    The last of the sampled sets holds all known cases; `families` are the pairs by metric.
    """
    chosen = [families[name] for name in summary.metrics if len(families[name].value)]
    if not chosen:
        return None
    widest = max(chosen, key=lambda pairs: float(np.abs(pairs.value).max()))
    groups = np.union1d(widest.first, widest.second)
    values = sampled.values[groups, widest.metric]
    highest, lowest = int(groups[values.argmax()]), int(groups[values.argmin()])
    if summary.kind in ("difference", "std"):
        limits = joint_limits(sampled, chosen, dependent)
        low, high = (np.concatenate(side) for side in zip(*limits, strict=True))
        if summary.kind == "difference":
            numbers = (float(np.ptp(values)), *largest_difference(low, high))
        else:
            numbers = (float(values.std()), *spread_limits(low, high, len(groups)))
    else:
        numbers = _of_one_metric(summary, sampled, widest.metric, groups)
    return Across(numbers, highest, lowest)


def _of_one_metric(
    summary: Summary, sampled: Sampled, metric: int, groups: IntArray
) -> tuple[float, float, float]:
    """Value and limits of a ratio, an equity-scaled value, or the worst group of one metric."""
    confidence = sampled.settings.confidence
    values = sampled.values[groups, metric]
    errors = sampled.replicates[groups, metric] - values[:, None]
    q = sampled.settings.quantile
    if summary.kind == "equity_scaled":
        overall = float(sampled.values[-1, metric])
        moved = sampled.replicates[-1, metric] - overall
        widened = errors * (sampled.student(metric, q)[groups, None] / q)  # few: heavier tails
        value = float(disparity.equity_scaled(overall, values))
        return value, *equity_scaled_limits(overall, values, moved, widened, confidence)
    q = joint_quantile(errors, confidence, q)
    low, high = (side[groups] for side in sampled.limits(metric, q))
    if summary.kind == "ratio":
        best = high.min() / low.max() if low.max() > 0 else 1.0
        return float(disparity.ratio(values)), float(low.min() / high.max()), float(min(best, 1.0))
    pick = np.min if summary.kind == "smallest" else np.max
    return float(pick(values)), float(pick(low)), float(pick(high))
