"""Recalibrated scores, each by a fit on other patients: nothing is tuned on what it scores.

The truth is regressed on the logit of the score (Cox, Biometrika 1958), for all cases together or
for each group. Patients are dealt into folds; a case is scored by the fit of the other folds.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.recalibration import STEPS, logits, solvable

FOLDS = 5
LEAST = 20
"""Cases of each class without which nothing is fitted."""


@dataclass(frozen=True)
class Line:
    """Log odds of the truth as a line of the logit of the score."""

    intercept: float
    slope: float

    def of(self, score: FloatArray) -> FloatArray:
        """Recalibrated scores."""
        return np.asarray(expit(self.intercept + self.slope * logits(score)))


def folds_of(units: IntArray, seed: int) -> IntArray:
    """(n,) fold 0 to `FOLDS` - 1 of each case; all cases of a patient, 0 to P - 1, are in one."""
    people = int(units.max()) + 1
    dealt = np.random.default_rng(seed).permutation(people) % FOLDS
    return np.asarray(dealt[units])


def fit_line(y: IntArray, score: FloatArray) -> Line | None:
    """The likeliest line; None where a class has under `LEAST` cases, or there is no finite one.

    Nor one that would turn the order of the scores round.
    """
    truth, x = np.asarray(y, dtype=np.float64), logits(score)
    if min(truth.sum(), (1 - truth).sum()) < LEAST or not solvable(truth, x):
        return None
    a, b, middle = 0.0, 1.0, float(x.mean())
    z = x - middle
    for _ in range(STEPS):
        p = expit(a + b * z)
        residual, spread = truth - p, p * (1 - p)
        g0, g1 = residual.sum(), residual @ z
        h00, h01, h11 = spread.sum(), spread @ z, spread @ z**2
        determinant = h00 * h11 - h01**2
        if not determinant > 0:
            return None
        step_a, step_b = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        a, b = a + step_a, b + step_b
        if abs(step_a) + abs(step_b) * z.std() < 1e-10:
            return Line(float(a - b * middle), float(b)) if b > 0 else None
    return None


def lines_of(y: IntArray, score: FloatArray, folds: IntArray) -> list[Line | None]:
    """For each fold the line of the cases (m,) in the others."""
    return [fit_line(y[folds != k], score[folds != k]) for k in range(FOLDS)]


def by_lines(score: FloatArray, folds: IntArray, lines: list[Line]) -> FloatArray:
    """(m,) each case's score by the line of its fold."""
    found = score.copy()
    for k, line in enumerate(lines):
        found[folds == k] = line.of(score[folds == k])
    return found
