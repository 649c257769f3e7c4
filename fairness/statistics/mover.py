"""Intervals of sums and of shares of two numbers, from the interval of each (MOVER).

Zou and Donner, Statistics in Medicine 2008; of ratios Donner and Zou, Statistical Methods in
Medical Research 2012: a ratio is held where the interval of the difference that it makes 0 does.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from fairness.arrays import FloatArray
from fairness.statistics.contrasts import FURTHEST
from fairness.statistics.intervals import Limits, mover_difference

STEPS = 50
"""Of a bisection."""


def mover_sum(
    a: FloatArray, limits_a: Limits, b: FloatArray, limits_b: Limits, correlation: FloatArray
) -> Limits:
    """Limits of a + b, elementwise."""
    turned = (-limits_b[1], -limits_b[0])
    return mover_difference(a, limits_a, -b, turned, -correlation)


def times(limits: Limits, factor: FloatArray) -> Limits:
    """The limits of a number that is multiplied by a factor of either sign."""
    low, high = (limit * factor for limit in limits)
    return np.minimum(low, high), np.maximum(low, high)


def mover_share(
    a: FloatArray, limits_a: Limits, b: FloatArray, limits_b: Limits, correlation: FloatArray
) -> Limits:
    """Limits of a / (a + b), elementwise, of numbers that are not negative; NaN where both are 0.

    A share c is held where the interval of (1 - c) a - c b holds 0: between the roots of two
    quadratic equations in the odds c / (1 - c), taken in a form that divides by no limit.
    """
    low = _odds(a, a - limits_a[0], b, limits_b[1] - b, correlation)
    high = _odds(b, b - limits_b[0], a, limits_a[1] - a, correlation)
    none = np.asarray(a + b) <= 0
    return np.where(none, np.nan, low / (1 + low)), np.where(none, np.nan, 1 / (1 + high))


def _odds(
    a: FloatArray, under: FloatArray, b: FloatArray, over: FloatArray, correlation: FloatArray
) -> FloatArray:
    """Smallest odds x at which a - x b is as far above 0 as its interval reaches.

    That is (a - x b)^2 = under^2 + (x over)^2 - 2 correlation x under over, with x b <= a.
    """
    square, half = b**2 - over**2, a * b - correlation * under * over
    alone = np.maximum(a**2 - under**2, 0.0)
    below = half + np.sqrt(np.maximum(half**2 - square * alone, 0.0))
    return np.divide(alone, below, out=np.zeros(np.shape(below)), where=below > 0)


def crossing_of(limits: Callable[[FloatArray], Limits], value: FloatArray) -> FloatArray:
    """(K,) smallest normal quantile at which limits of `value` (K,) hold 0; NaN without limits."""
    below, above = np.zeros(len(value)), np.full(len(value), FURTHEST)
    low, high = limits(above)
    unknown = np.isnan(low) | np.isnan(high) | np.isnan(value)
    for _ in range(STEPS - 5):
        middle = (below + above) / 2
        low, high = limits(middle)
        holds = (low <= 0) & (high >= 0)
        below, above = np.where(holds, below, middle), np.where(holds, middle, above)
    return np.where(unknown, np.nan, np.where(value == 0, 0.0, above))


def p_of(crossing: FloatArray, together: int = 1) -> FloatArray:
    """(K,) two-sided p at a quantile, alone or as one of so many that are tested together (Sidak).

    It is below 0.05 exactly where the 95 % interval excludes 0, alone or at Sidak's quantile.
    """
    alone = np.asarray(2 * ndtr(-np.asarray(crossing)))
    below = np.where(alone < 1, alone, 0.0)  # the logarithm of 1 - p, where p is not 1
    return np.where(alone < 1, -np.expm1(together * np.log1p(-below)), alone)
