"""Calibration slope and intercept: truth regressed on the logit of the score.

Cox, Biometrika 1958; Van Calster et al., BMC Medicine 2019. Scores are kept `EDGE` away from 0 and
1, where the logit is infinite. NaN where the fit has no finite solution: one class only, one score
only, or classes that the score keeps apart.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from fairness.arrays import Array, FloatArray

EDGE = 1e-6
STEPS = 50
"""Of Newton's method; a fit that is not done by then is taken to have no solution."""


@dataclass(frozen=True)
class Fit:
    """Fitted coefficient, with the terms of the Newton step that refits it under weights."""

    value: float
    influence: FloatArray
    """(k, n): weighted sums of the rows are the gradient and the curvature at `value`."""


def fit_slope(y_true: Array, y_score: Array, weights: FloatArray | None = None) -> Fit:
    """The slope beside a free intercept: 1 is right, below 1 the scores are too extreme.

    With `weights` (n,) of the cases its influence is that of a case of weight 1.
    """
    y, x = np.asarray(y_true, dtype=np.float64), logits(y_score)
    if not solvable(y, x):
        return Fit(np.nan, np.full((5, len(y)), np.nan))
    w = np.ones(len(y)) if weights is None else weights
    x = x - w @ x / w.sum()
    a, b = 0.0, 0.0
    for _ in range(STEPS):
        p = expit(a + b * x)
        residual, spread = y - p, p * (1 - p)
        g0, g1 = w @ residual, w @ (residual * x)
        h00, h01, h11 = w @ spread, w @ (spread * x), w @ (spread * x**2)
        determinant = h00 * h11 - h01**2
        step_a, step_b = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        if abs(step_a) + abs(step_b) * x.std() < 1e-12:
            columns = [residual, residual * x, spread, spread * x, spread * x**2]
            return Fit(float(b), np.stack(columns))
        a, b = a + step_a, b + step_b
    return Fit(np.nan, np.full((5, len(y)), np.nan))


def fit_intercept(y_true: Array, y_score: Array, weights: FloatArray | None = None) -> Fit:
    """The intercept at slope 1: 0 is right on average, above 0 the scores are too low."""
    y, x = np.asarray(y_true, dtype=np.float64), logits(y_score)
    if not len(y) or y.min() == y.max():
        return Fit(np.nan, np.full((2, len(y)), np.nan))
    a, w = 0.0, np.ones(len(y)) if weights is None else weights
    for _ in range(STEPS):
        p = expit(a + x)
        influence = np.stack([y - p, p * (1 - p)])
        step = (w @ influence[0]) / (w @ influence[1])
        if abs(step) < 1e-12:
            return Fit(float(a), influence)
        a += np.clip(step, -5, 5)
    return Fit(np.nan, np.full((2, len(y)), np.nan))


def refit(fit: Fit, sums: FloatArray) -> FloatArray:
    """The coefficient under weights, (R,), from the (k, R) weighted sums of `fit.influence`."""
    if len(sums) == 2:
        gradient, curvature = sums
    else:
        g0, g1, h00, h01, h11 = sums
        gradient, curvature = h00 * g1 - h01 * g0, h00 * h11 - h01**2
    step = np.full(gradient.shape, np.nan)
    np.divide(gradient, curvature, out=step, where=curvature > 0)
    return fit.value + step


def logits(y_score: Array) -> FloatArray:
    """Logits of scores (n,), which are kept `EDGE` away from 0 and 1."""
    return np.asarray(logit(np.clip(np.asarray(y_score, dtype=np.float64), EDGE, 1 - EDGE)))


def solvable(y: FloatArray, x: FloatArray) -> bool:
    """Whether both classes are there and their scores overlap; if not, the slope is infinite."""
    positive, negative = x[y == 1], x[y == 0]
    if not len(positive) or not len(negative):
        return False
    return bool(positive.min() < negative.max() and negative.min() < positive.max())
