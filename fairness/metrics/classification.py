"""Metrics of a binary classifier: pure functions of truth and prediction or score.

Every metric takes `y_true` (n,) of 0/1, then `y_pred` (n,) of 0/1 or `y_score` (n,) in [0, 1],
and answers a float. Undefined (an empty denominator, one class only) is NaN, never 0: see
docs/metrics.md. A NaN among the arguments is refused by a DataError: no case may count as negative
because nobody knows what it is. Replicates of a bootstrap are made in `statistics/binary.py`.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray
from fairness.errors import DataError

NO_CASE, NO_POSITIVE, NO_NEGATIVE = "no case", "no positive case", "no negative case"

SPARSE = 8
"""Largest whole number, a case, up to which numbers are counted in place of sorted."""


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
        return self.of(outcomes(y_true, y_pred).sum(1))

    def of(self, counts: IntArray) -> float:
        """The share by the numbers of TP, FP, FN, TN."""
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
    return auc_of(runs(y_true, y_score))


def average_precision(y_true: Array, y_score: Array) -> float:
    """Area under the precision-recall curve as a step function, without interpolation."""
    return average_precision_of(runs(y_true, y_score))


@dataclass(frozen=True)
class Runs:
    """Runs of equal scores, by ascending score."""

    size: IntArray
    """Cases of each."""
    positive: IntArray
    negative: IntArray


def runs(y_true: Array, y_score: Array) -> Runs:
    """The runs of equal scores; dense whole numbers, such as ranks, are counted, not sorted."""
    refuse_nan(y_true, y_score)
    y, s = np.asarray(y_true), np.asarray(y_score)
    if are_dense(s):
        top = int(s.max(initial=0)) + 1
        size, *of_class = (np.bincount(s[kept], minlength=top) for kept in (s >= 0, y == 1, y == 0))
        there = size > 0
        return Runs(size[there], *(counts[there] for counts in of_class))
    order = np.argsort(s, kind="stable")
    y, edges = y[order], _tie_edges(s[order])
    return Runs(np.diff(edges), *(np.diff(_cumulative(y == k)[edges]) for k in (1, 0)))


def are_dense(numbers: Array) -> bool:
    """Whether they are whole numbers (n,) from 0 to a few times n, which need no sorting."""
    if not np.issubdtype(numbers.dtype, np.integer) or not numbers.size:
        return False
    return bool(numbers.min() >= 0 and numbers.max() < SPARSE * numbers.size)


def auc_of(found: Runs) -> float:
    """The AUC of runs of equal scores."""
    below = _cumulative(found.negative)  # negatives under each run's edges
    wins = (found.positive * (below[:-1] + below[1:])).sum() / 2
    return _divide(wins, found.positive.sum() * below[-1])


def average_precision_of(found: Runs) -> float:
    """The average precision of runs of equal scores."""
    hits = _cumulative(found.positive[::-1])  # true positives at or above each threshold
    called = np.cumsum(found.size[::-1], dtype=np.int64)
    precision = hits[1:] / np.maximum(called, 1)
    return _divide((found.positive[::-1] * precision).sum(), hits[-1])


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


def _cumulative(cases: BoolArray | IntArray) -> IntArray:
    """(n + 1,) running counts of cases, with a leading 0; their products need 64 bits."""
    return np.concatenate([[0], np.cumsum(cases, dtype=np.int64)])


def _tie_edges(ordered: Array) -> IntArray:
    """Where each run of equal values starts, and the length: edges into `_cumulative`."""
    return np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])
