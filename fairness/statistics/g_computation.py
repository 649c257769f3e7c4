"""Rates of groups standardised by a logistic model: G-computation (Robins 1986; Snowden 2011).

Among the cases of a rate's denominator (positives for a TPR) its outcome is regressed on the group
and the covariates, as main effects: log odds = a_g + b z. The rate of group g is then the mean of
the fitted probabilities over the cases of all groups together, each with its own z and group g. As
with strata these cases are the standard and are taken as given. A group's log odds are taken to
differ from another's by the same amount whatever z, and to be a line of each covariate.

Errors by the delta method: with G_g the gradient of that mean and H the curvature, a case moves the
rate by G_g' H^-1 x (y - p), all cases of a patient together. The variance is the larger of that of
these sums, times n / (n - P), and of G_g' H^-1 G_g, which few cases do not make too small. A rate
gets Wilson's interval of as many trials as have that variance, but of no more than the group has
cases: with few of an outcome the linearised variance is too small, and gaps were held in 89 %.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.intervals import towards_half
from fairness.statistics.logistic import fit_logistic

LEAST = 5
"""Cases for each column, without which nothing is fitted."""


@dataclass(frozen=True)
class Standardised:
    """The rate of C groups, each with the covariates of all."""

    value: FloatArray
    """(C,) NaN where the group has no such case, or nothing is fitted."""
    variance: FloatArray
    """(C,)."""
    trials: FloatArray
    """(C,) independent ones in which a share is as precise."""
    moved: FloatArray
    """(C, n) by how much each case moves it."""
    ridge: float = 0.0
    """Of the fit; 0 where it is the likeliest."""
    reason: str | None = None
    """Why nothing is fitted."""


def standardised_rates(
    y: BoolArray, group: IntArray, covariates: FloatArray, units: IntArray, groups: int
) -> Standardised:
    """The rate of each of C `groups`.

    Args:
        y: (n,) who is counted, of the cases in the denominator.
        group: (n,) 0 to C - 1.
        covariates: (n, K), none of them missing.
        units: (n,) patients.
        groups: C.
    """
    value, variance, trials = (np.full(groups, np.nan) for _ in range(3))
    moved = np.zeros((groups, len(y)))
    sizes = np.bincount(group, minlength=groups)
    there = np.flatnonzero(sizes)
    z = scaled(covariates)
    columns = np.column_stack([np.equal.outer(group, there), z]).astype(np.float64)
    n, width = columns.shape
    blank = Standardised(value, variance, trials, moved)
    if n < LEAST * width:
        return replace(blank, reason=f"fewer than {LEAST} cases for each term of the model")
    if rank(columns) < width:
        return replace(blank, reason="what is adjusted for tells the group")
    fit = fit_logistic(columns, y.astype(np.float64))
    if fit is None:
        return replace(blank, reason="the model has no fit")
    residual = y - expit(columns @ fit.coefficients)
    own = len(there)
    for k, g in enumerate(there):
        p = expit(fit.coefficients[k] + z @ fit.coefficients[own:])
        slope = p * (1 - p)
        gradient = np.zeros(width)
        gradient[k], gradient[own:] = slope.mean(), slope @ z / n
        moved[g] = columns @ (fit.inverse @ gradient) * residual
        sums = np.bincount(units, moved[g])
        seen = float(sums @ sums) * n / max(n - width, 1)
        variance[g] = max(seen, float(gradient @ fit.inverse @ gradient))
        value[g], size = p.mean(), np.array(sizes[g], dtype=np.float64)
        likely = towards_half(value[g], size)
        trials[g] = min(likely * (1 - likely) / variance[g], size)
    return Standardised(value, variance, trials, moved, fit.ridge)


def scaled(covariates: FloatArray) -> FloatArray:
    """(n, K') with mean 0 and standard deviation 1, without columns that follow from others.

    So a ridge treats all alike.
    """
    z = covariates - covariates.mean(0)
    spread = z.std(0)
    z = z[:, spread > 1e-9] / spread[spread > 1e-9]
    kept: list[int] = []
    for k in range(z.shape[1]):
        if rank(z[:, [*kept, k]]) > len(kept):
            kept.append(k)
    return np.asarray(z[:, kept])


def rank(columns: FloatArray) -> int:
    """How many columns (n, P) do not follow from others."""
    products = columns.T @ columns / len(columns)
    size = np.sqrt(np.diag(products))
    return int(np.linalg.matrix_rank(products / np.outer(size, size), tol=1e-9, hermitian=True))
