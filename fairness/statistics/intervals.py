"""Intervals of one number and of the difference of two: closed forms, elementwise over arrays.

All take the quantile `q` of the standard normal distribution, 1.96 for a single interval of 95 %, a
larger one for simultaneous intervals (`simultaneous.py`).
"""

from typing import TypeAlias

import numpy as np
from scipy.special import betaincinv, ndtr

from fairness.arrays import FloatArray

Limits: TypeAlias = tuple[FloatArray, FloatArray]

PSEUDO_CASES = 4
"""Weight of the model variance, in cases, chosen by simulation: docs/metrics.md."""


def wilson(share: FloatArray, n: FloatArray, q: FloatArray | float) -> Limits:
    """Score interval of a share in [0, 1] among `n` trials, `n` > 0 not necessarily an integer.

    Wilson, JASA 1927.
    """
    weight = q**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = q * np.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    # None and all end at 0 and 1, whatever the rounding.
    low = np.where(np.equal(share, 0), 0.0, np.clip(centre - half, 0.0, 1.0))
    return low, np.where(np.equal(share, 1), 1.0, np.clip(centre + half, 0.0, 1.0))


def clopper_pearson(share: FloatArray, n: FloatArray, q: FloatArray | float) -> Limits:
    """Exact interval of a share among `n` trials, not necessarily an integer (Biometrika 1934).

    Near 0 and 1 Wilson's limits are not wider at a stricter level, so that limits of several
    groups do not hold jointly there; these do, and are wider elsewhere.
    """
    tail, hits = ndtr(-np.asarray(q)), share * n
    low = betaincinv(np.maximum(hits, 1e-12), n - hits + 1, tail)
    high = betaincinv(hits + 1, np.maximum(n - hits, 1e-12), 1 - tail)
    return np.where(np.equal(share, 0), 0.0, low), np.where(np.equal(share, 1), 1.0, high)


def auc_trials(
    auc: FloatArray, variance: FloatArray, negatives: FloatArray, positives: FloatArray
) -> FloatArray:
    """Number of trials that make a share as precise as this AUC: its interval is Wilson's.

    `variance` is e.g. DeLong's; `negatives` and `positives` are numbers of patients with such
    cases. No AUC is less precise than a share of as many cases as the rarer class has: the floor.
    """
    likely = auc_variance(auc, variance, negatives, positives)
    return np.maximum(auc * (1 - auc) / likely, np.minimum(negatives, positives))


def auc_score_interval(
    auc: FloatArray,
    variance: FloatArray,
    negatives: FloatArray,
    positives: FloatArray,
    q: FloatArray | float,
) -> Limits:
    """Wilson's interval with `auc_trials`."""
    return wilson(auc, auc_trials(auc, variance, negatives, positives), q)


def auc_variance(
    auc: FloatArray, variance: FloatArray, negatives: FloatArray, positives: FloatArray
) -> FloatArray:
    """The variance of an AUC, mixed with that of a model so that few cases do not hide it.

    The model is that of Hanley and McNeil (Radiology 1982); their two exponential terms are
    averaged, so that neither class is favoured. Never 0. The arguments are those of
    `auc_trials`.
    """
    size = np.minimum(negatives, positives)
    likely = towards_half(auc, size)
    per_positive = likely / (2 - likely) - likely**2
    per_negative = 2 * likely**2 / (1 + likely) - likely**2
    model = (per_positive + per_negative) / 2 * (1 / positives + 1 / negatives)
    return mixed(variance, model, size)


def share_trials(share: FloatArray, variance: FloatArray, patients: FloatArray) -> FloatArray:
    """Number of independent trials in which a share is as precise as among dependent cases."""
    likely = towards_half(share, patients)
    variance = mixed(variance, likely * (1 - likely) / patients, patients)
    return np.maximum(share * (1 - share) / variance, patients)


def weighted_trials(share: FloatArray, variance: FloatArray, patients: FloatArray) -> FloatArray:
    """The same among weighted cases, worth so many `patients` of equal weight: never more of them.

    A few heavy cases that happen to agree would seem to say more than all together.
    """
    likely = towards_half(share, patients)
    of_model = likely * (1 - likely)
    variance = mixed(variance, of_model / patients, patients)
    return np.minimum(of_model / variance, patients)


def mixed(variance: FloatArray, model: FloatArray, size: FloatArray) -> FloatArray:
    """`variance` of `size` - 1 cases and `model`, as if that were worth `PSEUDO_CASES` cases.

    A variance estimated from few cases is often far too small, which is why intervals of small
    groups miss.
    """
    known = np.where(size > 1, variance, 0.0)  # undefined for a single case, and without weight
    return np.asarray(((size - 1) * known + PSEUDO_CASES * model) / (size - 1 + PSEUDO_CASES))


def towards_half(value: FloatArray, size: FloatArray) -> FloatArray:
    """`value` after one more success and one more failure (Laplace): never 0 or 1."""
    return (value * size + 1) / (size + 2)


def logit_interval(value: FloatArray, variance: FloatArray, q: FloatArray | float) -> Limits:
    """Symmetric on the logit scale; [0, 1] where `value` is 0 or 1 (Pepe 2003, section 5.2)."""
    inside = (value > 0) & (value < 1)
    safe = np.where(inside, value, 0.5)
    half = q * np.sqrt(variance) / (safe * (1 - safe))
    odds = safe / (1 - safe)
    low = odds / (odds + np.exp(np.minimum(half, 700.0)))
    high = odds / (odds + np.exp(-half))
    return np.where(inside, low, 0.0), np.where(inside, high, 1.0)


def bounded_interval(value: FloatArray, variance: FloatArray, q: FloatArray | float) -> Limits:
    """Wilson's interval of any statistic in [0, 1] with a known variance > 0, else NaN."""
    trials = np.full(np.shape(value), np.nan)
    np.divide(value * (1 - value), variance, out=trials, where=variance > 0)
    return wilson(value, np.maximum(trials, 1.0), q)


def mover_difference(
    a: FloatArray, limits_a: Limits, b: FloatArray, limits_b: Limits, correlation: FloatArray
) -> Limits:
    """Interval of a - b from the intervals of a and b (Newcombe 1998; Zou and Donner 2008)."""
    under, over = (a - limits_a[0], limits_b[1] - b), (limits_a[1] - a, b - limits_b[0])
    low, high = (
        np.sqrt(np.maximum(x**2 + y**2 - 2 * correlation * x * y, 0.0)) for x, y in (under, over)
    )
    return a - b - low, a - b + high
