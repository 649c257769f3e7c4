"""Net benefit of a classifier at a threshold t, and what it has over treating everybody.

Vickers and Elkin, Medical Decision Making 2006: the share of true positives minus that of false
positives times t / (1 - t), which is what a false positive costs of what a true one gains. Each
number is a difference of two shares of all cases that exclude each other; limits by MOVER on
Wilson's, with their correlation.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.class_parts import Part, moved_together, share_part, weighted_part
from fairness.statistics.intervals import mover_difference, wilson


@dataclass(frozen=True)
class NetBenefit:
    """Of one set of cases at one threshold; (value, low, high)."""

    of_model: tuple[float, float, float]
    of_all: float
    """Of treating everybody."""
    over_all: tuple[float, float, float]


def net_benefit(
    positive: BoolArray,
    decided: BoolArray,
    units: IntArray,
    threshold: float,
    q: float,
    weights: FloatArray | None = None,
) -> NetBenefit:
    """At the prevalence of the cases.

    Args:
        positive: (m,) who is.
        decided: (m,) whose score reaches the threshold.
        units: (m,) patients 0, 1, ...
        threshold: in (0, 1).
        q: normal quantile of the limits.
        weights: (m,) above 0 of the cases; None where all count alike.
    """
    cost, everyone = threshold / (1 - threshold), np.ones(len(positive), dtype=bool)
    cells = (decided & positive, decided & ~positive, ~decided & ~positive, ~decided & positive)
    if weights is None:
        parts = [share_part(cell, everyone, units) for cell in cells]
    else:
        parts = [weighted_part(cell, units, weights) for cell in cells]
    gained, lost, spared, missed = parts
    share = float(np.average(positive, weights=weights))
    return NetBenefit(
        apart(gained, 1.0, lost, cost, units, q),
        share - (1 - share) * cost,
        apart(spared, cost, missed, 1.0, units, q),
    )


def apart(
    first: Part, by: float, second: Part, by_second: float, units: IntArray, q: float
) -> tuple[float, float, float]:
    """`by` x a share minus `by_second` x another of the same cases, with its limits."""
    values = [np.array(first.value), np.array(second.value)]
    limits = [
        wilson(v, np.array(part.trials), q) for v, part in zip(values, (first, second), strict=True)
    ]
    scaled = [
        (value * factor, (low * factor, high * factor))
        for value, (low, high), factor in zip(values, limits, (by, by_second), strict=True)
    ]
    correlation = np.array(moved_together(first, second, units))
    low, high = mover_difference(*scaled[0], *scaled[1], correlation)
    value = by * first.value - by_second * second.value
    return value, float(low), float(high)
