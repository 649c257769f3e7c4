"""Differences of two groups in numbers that have limits at every level: interval, test, jointly.

The test is the interval, inverted, as in `contrasts.py`. Jointly over the pairs of a family by
Sidak's quantile, which holds whatever the numbers have to do with each other (Sidak, JASA 1967).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fairness.arrays import BoolArray, FloatArray
from fairness.outcomes import Contrast
from fairness.statistics.estimates import number
from fairness.statistics.intervals import Limits, mover_difference
from fairness.statistics.mover import crossing_of, p_of
from fairness.statistics.settings import Settings
from fairness.statistics.simultaneous import sidak


@dataclass(frozen=True)
class Side:
    """One number of each of K pairs."""

    value: FloatArray
    """(K,)."""
    limits: Callable[[FloatArray | float], Limits]
    """Lower and upper limits (K,) at a normal quantile, one for all or one for each."""


def differences(
    first: Side,
    second: Side,
    correlation: FloatArray,
    tested: BoolArray,
    settings: Settings,
    further: FloatArray | float = 0.0,
) -> dict[str, FloatArray]:
    """Columns (K,) of a `Contrast`; the K pairs are one family.

    Args:
        first: of which the other is subtracted.
        second: the other.
        correlation: (K,) of the two.
        tested: (K,) which pairs have a p; the others are too small to infer from.
        settings: confidence.
        further: (K,) variance of the differences beside that of both sides.
    """
    value = first.value - second.value

    def limits(q: FloatArray | float) -> Limits:
        of_both = (first.limits(q), second.limits(q))
        args = (first.value, of_both[0], second.value, of_both[1], correlation)
        low, high = mover_difference(*args)
        return further_apart(value, (low, high), np.square(q) * further)

    crossing = crossing_of(limits, value)
    family = max(1, int(np.isfinite(crossing).sum()))
    low, high = limits(settings.quantile)
    low_adjusted, high_adjusted = limits(sidak(settings.confidence, family))
    return {
        "value": value,
        "low": low,
        "high": high,
        "p": np.where(tested, p_of(crossing), np.nan),
        "low_adjusted": low_adjusted,
        "high_adjusted": high_adjusted,
        "p_adjusted": np.where(tested, p_of(crossing, family), np.nan),
    }


def further_apart(value: FloatArray, limits: Limits, square: FloatArray) -> Limits:
    """Limits whose distances from the value, squared, are larger by so much."""
    if not np.any(square):
        return limits
    low, high = (np.sqrt((value - end) ** 2 + square) for end in limits)
    return value - low, value + high


def contrast_of(
    names: tuple[str, str, str, str], columns: dict[str, FloatArray], k: int, method: str
) -> Contrast:
    """The k-th pair of the columns; `names` are attribute, metric and both groups."""
    found = {name: number(column[k]) for name, column in columns.items()}
    contrast = Contrast(*names, None, None, None, None, method=method)
    return replace(contrast, **found)  # type: ignore[arg-type]  # names of its fields
