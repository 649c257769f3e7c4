"""The extremes of `unknown_groups.py` where cases have weights."""

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.weighted import wins

Cases = tuple[FloatArray, FloatArray]
"""Numbers (k,) and weights (k,)."""
LEVELS = 101


def largest_weighted_mean(inside: Cases, extra: Cases) -> float:
    """Largest weighted mean of all of `inside` with any of `extra`; NaN numbers belong to none."""
    (x, w), (more, v) = ((n[np.isfinite(n)], k[np.isfinite(n)]) for n, k in (inside, extra))
    if not x.size:
        return np.nan
    order = np.argsort(more)[::-1]
    sums = x @ w + running(more[order] * v[order])
    return float((sums / (w.sum() + running(v[order]))).max())


def auc_range(
    score: FloatArray,
    y: IntArray,
    weights: FloatArray,
    rows: IntArray,
    unknown: IntArray,
    hidden: bool,
) -> tuple[float, float]:
    """Lowest and highest weighted AUC of a group with any of the unknown.

    Args:
        score: (n,) of all cases.
        y: (n,) of 0/1.
        weights: (n,).
        rows: of the group.
        unknown: of those who may belong to it.
        hidden: whether nothing of these but their number may be used.
    """
    own = [(score[rows[y[rows] == k]], weights[rows[y[rows] == k]]) for k in (1, 0)]
    more = [(score[unknown[y[unknown] == k]], weights[unknown[y[unknown] == k]]) for k in (1, 0)]
    ends = [more, more]
    if hidden:
        infinite = [np.full(len(unknown), end) for end in (np.inf, -np.inf)]
        highest = [(values, weights[unknown]) for values in infinite]
        ends = [highest[::-1], highest]
    turned = [[(-values, w) for values, w in cases] for cases in (own, ends[0])]
    return 1 - highest_weighted_auc(*turned[0], *turned[1]), highest_weighted_auc(*own, *ends[1])


def highest_weighted_auc(positive: Cases, negative: Cases, more: Cases, others: Cases) -> float:
    """Highest weighted AUC of two classes with any of `more` positives and `others` negatives.

    The highest of `more` and the lowest of `others` are taken, as without weights.
    """
    (s1, w1), (s0, w0) = positive, negative
    if not s1.size or not s0.size:
        return np.nan
    up, down = np.argsort(more[0])[::-1], np.argsort(others[0])
    (sp, wp), (sn, wn) = (more[0][up], more[1][up]), (others[0][down], others[1][down])
    won = w1 @ wins(s1, s0, w0)
    by_more = running(wp * wins(sp, s0, w0))
    by_others = running(wn * (w1.sum() - wins(sn, s1, w1)))
    extra = w0.sum() + running(wn)
    best = 0.0
    for p in np.unique(np.linspace(0, len(sp), min(len(sp) + 1, LEVELS)).round().astype(np.int64)):
        taken = wp[:p].sum()
        between = running(wn * (taken - wins(sn, sp[:p], wp[:p])))
        reached = won + by_more[p] + by_others + between
        best = max(best, float((reached / ((w1.sum() + taken) * extra)).max()))
    return best


def running(values: FloatArray) -> FloatArray:
    """(k + 1,) sums of the first 0, 1, ..., k values."""
    return np.concatenate([[0.0], np.cumsum(values)])
