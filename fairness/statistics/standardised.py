"""Numbers of a classifier at another prevalence, from its rates in each class.

TPR and FPR, and the errors of the scores of each class, are taken to be those of the patients to
come; how many of these are positive is given. Intervals by MOVER on Wilson limits of both classes,
with the prevalence as a known number.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.class_parts import TwoClasses
from fairness.statistics.intervals import Limits
from fairness.statistics.mover import mover_share, mover_sum, times

SUMS = ("selection_rate", "accuracy", "brier_score", "net_benefit")
SHARES = ("positive_predictive_value", "negative_predictive_value")
METRICS = (*SHARES, *SUMS)
UNAFFECTED = (
    "AUC, true and false positive rate do not depend on the prevalence: they stay as above. Nor "
    "does the calibration slope, where the log odds are a line of the logit of the score"
)


@dataclass(frozen=True)
class AtPrevalence:
    """C sets of cases, each with the share of positives that it is to stand for."""

    decisions: TwoClasses
    """True and false positive rate."""
    errors: TwoClasses
    """Mean squared error of the scores."""
    prevalence: FloatArray
    """(C,) in (0, 1)."""
    threshold: float
    """Of the decisions; a false positive costs t / (1 - t) of what a true one gains."""

    def take(self, index: IntArray) -> "AtPrevalence":
        """Of the sets at an index (K,)."""
        return AtPrevalence(
            self.decisions.take(index),
            self.errors.take(index),
            self.prevalence[index],
            self.threshold,
        )

    def factors(self, metric: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(C,) of the positives' mean, of the negatives' mean, and what is added to both."""
        pi, zero = self.prevalence, np.zeros(len(self.prevalence))
        if metric == "accuracy":
            return pi, pi - 1, 1 - pi
        if metric == "net_benefit":
            return pi, (pi - 1) * self.threshold / (1 - self.threshold), zero
        if metric == "negative_predictive_value":
            return 1 - pi, pi, zero
        return pi, 1 - pi, zero

    def means(self, metric: str) -> TwoClasses:
        """What the number is made of; of a negative predictive value TNR, then FNR."""
        if metric == "brier_score":
            return self.errors
        if metric == "negative_predictive_value":
            rest = self.decisions.flipped()
            return TwoClasses(rest.negative, rest.positive, rest.trials[::-1], rest.correlation)
        return self.decisions

    def value(self, metric: str) -> FloatArray:
        """(C,) NaN where a class is absent, or nobody is decided so."""
        means, (first, second, added) = self.means(metric), self.factors(metric)
        a, b = first * means.positive, second * means.negative
        if metric not in SHARES:
            return np.asarray(a + b + added)
        return np.divide(a, a + b, out=np.full(len(a), np.nan), where=a + b > 0)

    def limits(self, metric: str, q: FloatArray | float) -> Limits:
        """(C,) lower and upper limits at the normal quantile `q`."""
        means, (first, second, added) = self.means(metric), self.factors(metric)
        of_first, of_second = means.limits(q)
        of_first, of_second = times(of_first, first), times(of_second, second)
        a, b = first * means.positive, second * means.negative
        if metric in SHARES:
            return mover_share(a, of_first, b, of_second, means.correlation)
        sign = np.sign(second)  # a factor below 0 turns the correlation
        low, high = mover_sum(a, of_first, b, of_second, sign * means.correlation)
        return low + added, high + added

    def weights(self, metric: str) -> tuple[FloatArray, FloatArray]:
        """(C,) by how much the number moves with true, and with false positive rate (or errors)."""
        means, (first, second, _) = self.means(metric), self.factors(metric)
        if metric not in SHARES:
            return first, second
        a, b = first * means.positive, second * means.negative
        whole = np.where(a + b > 0, (a + b) ** 2, np.nan)
        by_first, by_second = first * b / whole, -second * a / whole
        if metric == "negative_predictive_value":  # of TNR and FNR, which fall as FPR, TPR rise
            return -by_second, -by_first
        return by_first, by_second
