"""Limits of equity-scaled values, A / (1 + sum |A_g - A|), from the limits of A and of the A_g.

No bootstrap: where a group is perfectly separated its replicates do not vary, but its score
interval still does.
"""

from itertools import product

import numpy as np

from fairness.arrays import FloatArray

MOST_SIGNED = 9
"""Largest number of groups with every combination of signs tried; beyond, all limits are joint."""
STEPS = 45


def equity_scaled_low(
    overall: float, values: FloatArray, low: FloatArray, high: FloatArray, weights: FloatArray
) -> float:
    """Lower limit, from limits of each group alone; at most `MOST_SIGNED` groups.

    The value is the smallest of A / (1 + sum t_g (A_g - A)) over all signs t, so it is at least c
    where, for every t, M_t = A (1 + c T) - c sum t_g A_g - c >= 0 with T = sum t. A being about
    sum w_g A_g, the group g moves M_t by k_g = w_g (1 + c T) - c t_g, and the lower limit of M_t
    combines the groups' limits as MOVER does (Zou and Donner 2008). The limit is the largest such
    c.

    Args:
        overall: A, over all groups.
        values: (G,) A_g.
        low: (G,) their lower limits.
        high: (G,) their upper limits.
        weights: (G,) share of each group in the cases, sum 1.
    """
    signs = np.array(list(product((-1.0, 1.0), repeat=len(values))))  # (2^G, G)
    total = signs.sum(1)
    sure, beyond = 0.0, 1.0
    for _ in range(STEPS):
        c = (sure + beyond) / 2
        level = overall * (1 + c * total) - c * signs @ values - c
        moved = weights * (1 + c * total)[:, None] - c * signs
        furthest = moved * values - np.minimum(moved * low, moved * high)
        holds = (level >= np.sqrt((furthest**2).sum(1))).all()
        sure, beyond = (c, beyond) if holds else (sure, c)
    return sure


def equity_scaled_range(
    overall: tuple[float, float], low: FloatArray, high: FloatArray
) -> tuple[float, float]:
    """Least and largest value, where `overall` and the groups (G,) lie anywhere in their limits.

    For joint limits these are limits of the value. Between the points where a term of the sum
    turns, the value is monotonic in A, so that only those points need to be tried.
    """
    turns = np.concatenate([overall, low, high, (low + high) / 2])
    tried = np.clip(turns, *overall)[:, None]
    nearest = np.maximum(0.0, np.maximum(low - tried, tried - high)).sum(1)
    furthest = np.maximum(np.abs(tried - low), np.abs(high - tried)).sum(1)
    least, largest = tried[:, 0] / (1 + furthest), tried[:, 0] / (1 + nearest)
    return float(least.min()), float(largest.max())
