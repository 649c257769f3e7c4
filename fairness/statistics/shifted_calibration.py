"""Calibration of scores at another prevalence: every case weighs as its class does there.

The positives together weigh pi, the negatives 1 - pi. The scores stay as they are: a model that is
calibrated at one prevalence is not at another, which the intercept shows (by about the difference
of the logits of both). Fits as in `recalibration.py`.

The slope has no value of its own there. By Bayes the odds of a positive at another prevalence are
those in the data times one number for all scores: where log odds = a + b logit(score), a moves and
b does not (Anderson, Biometrika 1972; Prentice and Pyke, Biometrika 1979, who show that the fit
without weights is then the likeliest, so that weights would only add noise). Where the log odds are
no line, a slope is a summary of a curve at either prevalence.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from fairness.arrays import Array, FloatArray, IntArray
from fairness.statistics.calibration import equal_mass_bins
from fairness.statistics.class_parts import mean_part, two_classes
from fairness.statistics.intervals import Limits, mover_difference
from fairness.statistics.mover import crossing_of, times
from fairness.statistics.recalibration import STEPS, logits

FAR = np.sinh(np.linspace(-4, 4, 41)) / 1.5
"""Intercepts that are tried, in standard errors: 0 in the middle, 18 at the ends."""


@dataclass(frozen=True)
class Intercept:
    """A calibration intercept with the levels at which others are refused."""

    value: float
    """NaN where one class is absent."""
    tried: FloatArray
    """(T,) ascending intercepts, of which the middle one is `value`."""
    levels: FloatArray
    """(T,) normal quantile from which on the interval holds each of them; below 0 under `value`."""
    moved: FloatArray
    """(m,) by how much each case moves it."""

    def limits(self, q: FloatArray | float) -> Limits:
        """Lower and upper limits at the normal quantiles `q`, elementwise."""
        return self._at(-np.asarray(q)), self._at(np.asarray(q))

    def _at(self, level: FloatArray) -> FloatArray:
        if np.isnan(self.value):
            return np.full(np.shape(level), np.nan)
        end = self.levels[-1] if np.all(level > 0) else -self.levels[0]
        beyond = np.maximum(1.0, np.abs(level) / end)  # p is 0 there: the limits only widen
        inside = np.interp(level, self.levels, self.tried)
        return np.asarray(self.value + (inside - self.value) * beyond)


def class_weights(y: IntArray, prevalence: float) -> FloatArray:
    """(m,) weights that sum to 1, of the positives to `prevalence`; both classes are there."""
    positives = int(y.sum())
    return np.where(y == 1, prevalence / positives, (1 - prevalence) / (len(y) - positives))


def intercept_at(y: IntArray, score: FloatArray, units: IntArray, prevalence: float) -> Intercept:
    """The calibration intercept at slope 1; above 0 the scores are too low.

    It is the a at which pi x the mean of 1 - p over the positives is (1 - pi) x that of p over the
    negatives, p being the score moved by a on the logit scale. Its interval holds every a at which
    the interval of that difference, by MOVER from the two means in [0, 1], holds 0.

    Args:
        y: (m,) of 0/1.
        score: (m,) probabilities.
        units: (m,) patients.
        prevalence: share of positives that the cases stand for.
    """
    none = np.full(0, np.nan)
    if len(np.unique(y)) < 2:
        return Intercept(np.nan, none, none, np.zeros(len(y)))
    x, w, a = logits(score), class_weights(y, prevalence), 0.0
    for _ in range(STEPS):
        p = expit(a + x)
        curvature = float(w @ (p * (1 - p)))
        step = float(w @ (y - p)) / curvature
        if abs(step) < 1e-12:
            break
        a += float(np.clip(step, -5, 5))
    else:
        return Intercept(np.nan, none, none, np.zeros(len(y)))
    residual = y - p
    means = np.where(y == 1, residual[y == 1].mean(), residual[y == 0].mean())
    moved = w * (residual - means) / curvature
    sums = np.bincount(units, moved)
    reach = max(float(np.sqrt(sums @ sums)), 1e-3)
    tried = a + reach * FAR
    return Intercept(a, tried, levels_of(tried, y, x, units, prevalence), moved)


def levels_of(
    tried: FloatArray, y: IntArray, x: FloatArray, units: IntArray, prevalence: float
) -> FloatArray:
    """(T,) normal quantile from which on the interval of the intercept holds each of `tried`."""
    parts = []
    for a in tried:
        p = expit(a + x)
        parts.append((mean_part(1 - p, y == 1, units), mean_part(p, y == 0, units)))
    two = two_classes(parts, [units] * len(parts))
    pi, size = prevalence, len(tried)
    first, second = pi * two.positive, (1 - pi) * two.negative

    def limits(q: FloatArray) -> Limits:
        of_first, of_second = two.limits(q)
        of_first, of_second = times(of_first, np.array(pi)), times(of_second, np.array(1 - pi))
        return mover_difference(first, of_first, second, of_second, two.correlation)

    found = crossing_of(limits, np.where(np.arange(size) == size // 2, 0.0, first - second))
    return np.maximum.accumulate(found * np.sign(np.arange(size) - size // 2))


def error_at(
    y: IntArray, score: FloatArray, bins: int, prevalence: float, counts: Array | None = None
) -> FloatArray:
    """(bins, R) weighted excess of positives over the score in bins of equal mass of the cases.

    The calibration error is the sum of the absolute values over the bins.

    Args:
        y: (m,) of 0/1.
        score: (m,) probabilities.
        bins: of equal mass.
        prevalence: share of positives that the cases stand for.
        counts: (m, R) how often each case was drawn; without it, each once.
    """
    counts = np.ones((len(y), 1)) if counts is None else counts
    bin_of = equal_mass_bins(score, bins)
    found = np.zeros((bins, counts.shape[1]))
    for k, share in ((1, prevalence), (0, 1 - prevalence)):
        rows = np.flatnonzero(y == k)
        drawn = counts[rows]
        excess = np.equal.outer(np.arange(bins), bin_of[rows]) * (k - score[rows])
        total = drawn.sum(0)
        found += share * np.divide(
            excess @ drawn, total, out=np.full(found.shape, np.nan), where=total > 0
        )
    return found
