"""Metrics of a binary classifier: pure functions of truth and prediction or score.

Every function takes `y_true` (n,) of 0/1, then `y_pred` (n,) of 0/1 or `y_score` (n,) in [0, 1],
and answers a float. Undefined (an empty denominator, one class only) is NaN, never 0: see
docs/metrics.md. A NaN among the arguments is refused by a DataError: no case may count as negative
because nobody knows what it is. Replicates of a bootstrap are made in `statistics/binary.py`.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray
from fairness.errors import DataError

NO_CASE, NO_POSITIVE, NO_NEGATIVE = "no case", "no positive case", "no negative case"


@dataclass(frozen=True)
class Share:
    """Share in [0, 1] of the cases in one set that are also in another."""

    counted: tuple[int, int, int, int]
    """1 for each of TP, FP, FN, TN in the numerator."""
    among: tuple[int, int, int, int]
    """1 for each of TP, FP, FN, TN in the denominator."""
    undefined: str
    """Reason where the denominator is empty."""

    def __call__(self, y_true: Array, y_pred: Array) -> float:
        """The share by truth (n,) and prediction (n,), both of 0/1."""
        counts = outcomes(y_true, y_pred).sum(1)
        return _divide(int(counts @ self.counted), int(counts @ self.among))


SHARES = {
    "prevalence": Share((1, 0, 1, 0), (1, 1, 1, 1), NO_CASE),
    "selection_rate": Share((1, 1, 0, 0), (1, 1, 1, 1), NO_CASE),
    "accuracy": Share((1, 0, 0, 1), (1, 1, 1, 1), NO_CASE),
    "true_positive_rate": Share((1, 0, 0, 0), (1, 0, 1, 0), NO_POSITIVE),  # sensitivity, recall
    "false_negative_rate": Share((0, 0, 1, 0), (1, 0, 1, 0), NO_POSITIVE),
    "false_positive_rate": Share((0, 1, 0, 0), (0, 1, 0, 1), NO_NEGATIVE),
    "true_negative_rate": Share((0, 0, 0, 1), (0, 1, 0, 1), NO_NEGATIVE),  # specificity
    # Precision, and its counterpart for the negatives:
    "positive_predictive_value": Share((1, 0, 0, 0), (1, 1, 0, 0), "nothing predicted positive"),
    "negative_predictive_value": Share((0, 0, 0, 1), (0, 0, 1, 1), "nothing predicted negative"),
}
"""Every share that is reported, by name; those that other code asks for have a name below, too."""

accuracy, selection_rate = SHARES["accuracy"], SHARES["selection_rate"]
true_positive_rate = SHARES["true_positive_rate"]
false_positive_rate = SHARES["false_positive_rate"]


def outcomes(y_true: Array, y_pred: Array) -> BoolArray:
    """(4, n) whether a case is a true or false positive, a false or true negative."""
    refuse_nan(y_true, y_pred)
    y, predicted = np.equal(y_true, 1), np.equal(y_pred, 1)
    return np.stack([y & predicted, ~y & predicted, y & ~predicted, ~y & ~predicted])


def brier_score(y_true: Array, y_score: Array) -> float:
    """Mean squared distance between score and truth."""
    refuse_nan(y_true, y_score)
    squared = (np.asarray(y_score, dtype=np.float64) - y_true) ** 2
    return _divide(float(np.ones(len(squared)) @ squared), len(squared))


def auc(y_true: Array, y_score: Array) -> float:
    """Area under the ROC curve: P(positive scores above negative), ties count one half."""
    refuse_nan(y_true, y_score)
    order = np.argsort(y_score, kind="stable")
    y, edges = np.asarray(y_true)[order], _tie_edges(np.asarray(y_score)[order])
    positive = np.diff(_cumulative(y == 1)[edges])  # in each block of equal scores
    below = _cumulative(y == 0)[edges]  # negatives under each block's edges
    wins = (positive * (below[:-1] + below[1:])).sum() / 2
    return _divide(wins, positive.sum() * below[-1])


def average_precision(y_true: Array, y_score: Array) -> float:
    """Area under the precision-recall curve as a step function, without interpolation."""
    refuse_nan(y_true, y_score)
    order = np.argsort(y_score, kind="stable")[::-1]
    y, edges = np.asarray(y_true)[order], _tie_edges(np.asarray(y_score)[order])
    hits = _cumulative(y == 1)[edges]  # true positives at or above each threshold
    precision = hits[1:] / np.maximum(edges[1:], 1)
    return _divide((np.diff(hits) * precision).sum(), hits[-1])


def refuse_nan(*columns: Array) -> None:
    """Raise DataError where a column (n,) holds a NaN."""
    for column in columns:
        unknown = np.isnan(column)
        if unknown.any():
            raise DataError(
                f"a label, prediction or score is NaN in case {int(unknown.argmax())}; leave such "
                "cases out before a metric is computed"
            )


def _divide(top: float, bottom: float) -> float:
    """`top / bottom`, NaN where `bottom` is 0."""
    return float(top / bottom) if bottom > 0 else float("nan")


def _cumulative(cases: BoolArray) -> IntArray:
    """(n + 1,) running counts of cases, with a leading 0."""
    return np.concatenate([[0], np.cumsum(cases)])


def _tie_edges(ordered: Array) -> IntArray:
    """Where each run of equal values starts, and the length: edges into `_cumulative`."""
    return np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])
