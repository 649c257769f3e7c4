"""Score interval of the difference of two shares of the same cases (Tango, Stat. in Med. 1998)."""

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.intervals import Limits

STEPS = 50


def tango(gained: FloatArray, lost: FloatArray, n: FloatArray, q: float) -> Limits:
    """Limits of `gained` - `lost`, elementwise; of positive width even where nothing changed.

    Args:
        gained: share of the cases, in [0, 1], that count in the first run only.
        lost: share of those that count in the second run only.
        n: number of cases, above 0 and not necessarily an integer.
        q: quantile of the standard normal distribution.
    """
    difference = gained - lost
    low = _furthest(gained, lost, n, q, difference, np.full_like(difference, -1.0))
    return low, _furthest(gained, lost, n, q, difference, np.full_like(difference, 1.0))


def _furthest(
    gained: FloatArray, lost: FloatArray, n: FloatArray, q: float, held: FloatArray, end: FloatArray
) -> FloatArray:
    """The difference between `held` and `end` from which on the score test rejects."""
    refused = end
    for _ in range(STEPS):
        tried = (held + refused) / 2
        inside = np.abs(gained - lost - tried) <= q * _deviation(gained, lost, n, tried)
        held, refused = np.where(inside, tried, held), np.where(inside, refused, tried)
    return np.asarray(refused)


def _deviation(
    gained: FloatArray, lost: FloatArray, n: FloatArray, difference: FloatArray
) -> FloatArray:
    """Standard deviation of the estimate if `difference` is true, at the likeliest shares."""
    b = -gained - lost + (2 - gained + lost) * difference
    inner = np.maximum(b**2 + 8 * lost * difference * (1 - difference), 0.0)
    likely = np.maximum((np.sqrt(inner) - b) / 4, 0.0)
    variance = np.maximum(2 * likely + difference * (1 - difference), 0.0)
    return np.asarray(np.sqrt(variance / n))
