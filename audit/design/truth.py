"""The scores of a group whose true AUC and rates are stated: two normal distributions.

Negatives are N(0, 1) and positives N(mean, spread), on a scale of its own for each group; all are
then moved so that one threshold, 0, gives each group the stated rates (Dorfman and Alf 1969; Pepe
2003, section 4.4).
"""

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from fairness.errors import UsageError


@dataclass(frozen=True)
class Binormal:
    """Scores of one group; from 0 on a case is predicted positive."""

    negative: float
    """Mean of the negatives, whose standard deviation is 1."""
    positive: float
    """Mean of the positives."""
    spread: float
    """Standard deviation of the positives."""

    @property
    def auc(self) -> float:
        """Phi(difference of the means / root of the sum of the variances)."""
        apart = self.positive - self.negative
        return float(ndtr(apart / math.sqrt(1 + self.spread**2)))

    @property
    def tpr(self) -> float:
        """Share of the positives from 0 on."""
        return float(ndtr(self.positive / self.spread))

    @property
    def fpr(self) -> float:
        """Share of the negatives from 0 on."""
        return float(ndtr(self.negative))


def binormal(auc: float | None, tpr: float | None, fpr: float | None) -> Binormal:
    """The scores with one, two or three stated numbers.

    With fewer than three both classes have the same spread; of an AUC alone the threshold lies in
    the middle between the classes.

    Raises:
        UsageError: nothing is stated, or no two normal distributions have all three.
    """
    if auc is None and (tpr is None or fpr is None):
        raise UsageError("state auc, or tpr and fpr")
    if auc is None:
        return Binormal(ndtri(fpr), ndtri(tpr), 1.0)
    apart = ndtri(auc) * math.sqrt(2)
    if tpr is None and fpr is None:
        return Binormal(-apart / 2, apart / 2, 1.0)
    if tpr is None:
        return Binormal(ndtri(fpr), ndtri(fpr) + apart, 1.0)
    if fpr is None:
        return Binormal(ndtri(tpr) - apart, ndtri(tpr), 1.0)
    return _of_three(auc, tpr, fpr)


def _of_three(auc: float, tpr: float, fpr: float) -> Binormal:
    """The spread s solves (b s - c) = a sqrt(1 + s^2), a, b, c the normal quantiles."""
    a, b, c = (float(ndtri(x)) for x in (auc, tpr, fpr))
    square, half, rest = b * b - a * a, -b * c, c * c - a * a
    if abs(square) < 1e-12:
        roots = [-rest / (2 * half)] if half else []
    else:
        under = half * half - square * rest
        root = math.sqrt(under) if under >= 0 else math.nan
        roots = [(-half + root) / square, (-half - root) / square]
    fitting = [
        s for s in roots if s > 0 and abs((b * s - c) - a * math.sqrt(1 + s * s)) < 1e-6 * (1 + s)
    ]
    if not fitting:
        raise UsageError(
            f"no normal scores have auc {auc:g}, tpr {tpr:g} and fpr {fpr:g}; state two of them"
        )
    spread = min(fitting, key=lambda s: abs(math.log(s)))
    return Binormal(c, b * spread, spread)
