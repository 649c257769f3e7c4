"""Logistic regression by Newton's method, with a ridge only where there is no finite fit.

Classes that the columns keep apart have no finite likeliest coefficients (Albert and Anderson,
Biometrika 1984). Then `RIDGE` / 2 times the sum of the squared coefficients is taken off the log
likelihood: about a tenth of a case towards one half for each column.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from fairness.arrays import FloatArray

RIDGE = 0.1
STEPS = 50
FURTHEST = 15.0
"""Log odds beyond which a fit counts as infinite."""


@dataclass(frozen=True)
class Logistic:
    """Coefficients and what their errors are made of."""

    coefficients: FloatArray
    """(P,)."""
    inverse: FloatArray
    """(P, P) of the curvature: their covariance if the model is right."""
    ridge: float
    """0 where the fit is the likeliest."""


def fit_logistic(columns: FloatArray, y: FloatArray) -> Logistic | None:
    """The regression of y (n,) of 0/1 on columns (n, P), which hold the intercepts.

    None where it has no solution even with a ridge, e.g. with a column that is not finite.
    """
    return _fitted(columns, y, 0.0) or _fitted(columns, y, RIDGE)


def _fitted(columns: FloatArray, y: FloatArray, ridge: float) -> Logistic | None:
    """By at most `STEPS` steps, each halved until it gains; None if it does not end."""
    b = np.zeros(columns.shape[1])
    penalty = ridge * np.eye(len(b))
    for _ in range(STEPS):
        p = expit(columns @ b)
        gradient = columns.T @ (y - p) - ridge * b
        curvature = (columns.T * (p * (1 - p))) @ columns + penalty
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all():
            return None
        if np.abs(step).max() < 1e-9:
            inverse = np.linalg.inv(curvature)
            return Logistic(b, (inverse + inverse.T) / 2, ridge)
        before = _gain(columns, y, b, ridge)
        while _gain(columns, y, b + step, ridge) < before - 1e-9 and np.abs(step).max() > 1e-9:
            step = step / 2
        b = b + step
        if not ridge and np.abs(columns @ b).max() > FURTHEST:
            return None
    return None


def _gain(columns: FloatArray, y: FloatArray, b: FloatArray, ridge: float) -> float:
    """The penalised log likelihood."""
    odds = columns @ b
    return float(y @ odds - np.logaddexp(0.0, odds).sum() - ridge / 2 * (b @ b))
