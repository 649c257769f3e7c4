"""Metrics of a binary classifier: pure functions of truth and prediction or score.

Every function takes `y_true` (n,) of 0/1, then `y_pred` (n,) of 0/1 or `y_score` (n,) in [0, 1],
and answers a float. Undefined (an empty denominator, one class only) is NaN, never 0: see
docs/metrics.md. Replicates of a bootstrap are made in `statistics/binary.py`.
"""

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray


def accuracy(y_true: Array, y_pred: Array) -> float:
    """Share in [0, 1] of all cases predicted rightly."""
    return _share(np.equal(y_true, y_pred), np.ones(len(y_true), dtype=bool))


def selection_rate(y_true: Array, y_pred: Array) -> float:
    """Share of all cases predicted positive."""
    return _share(np.equal(y_pred, 1), np.ones(len(y_true), dtype=bool))


def prevalence(y_true: Array, y_pred: Array) -> float:
    """Share of all cases that are positive."""
    return _share(np.equal(y_true, 1), np.ones(len(y_pred), dtype=bool))


def true_positive_rate(y_true: Array, y_pred: Array) -> float:
    """Share of the positives predicted positive: sensitivity, recall."""
    return _share(np.equal(y_pred, 1), np.equal(y_true, 1))


def false_negative_rate(y_true: Array, y_pred: Array) -> float:
    """Share of the positives predicted negative."""
    return _share(np.equal(y_pred, 0), np.equal(y_true, 1))


def false_positive_rate(y_true: Array, y_pred: Array) -> float:
    """Share of the negatives predicted positive."""
    return _share(np.equal(y_pred, 1), np.equal(y_true, 0))


def true_negative_rate(y_true: Array, y_pred: Array) -> float:
    """Share of the negatives predicted negative: specificity."""
    return _share(np.equal(y_pred, 0), np.equal(y_true, 0))


def positive_predictive_value(y_true: Array, y_pred: Array) -> float:
    """Share of the predicted positives that are positive: precision."""
    return _share(np.equal(y_true, 1), np.equal(y_pred, 1))


def negative_predictive_value(y_true: Array, y_pred: Array) -> float:
    """Share of the predicted negatives that are negative."""
    return _share(np.equal(y_true, 0), np.equal(y_pred, 0))


def brier_score(y_true: Array, y_score: Array) -> float:
    """Mean squared distance between score and truth."""
    squared = (np.asarray(y_score, dtype=np.float64) - y_true) ** 2
    return _divide(float(np.ones(len(squared)) @ squared), len(squared))


def auc(y_true: Array, y_score: Array) -> float:
    """Area under the ROC curve: P(positive scores above negative), ties count one half."""
    order = np.argsort(y_score, kind="stable")
    y, edges = np.asarray(y_true)[order], _tie_edges(np.asarray(y_score)[order])
    positive = np.diff(_cumulative(y == 1)[edges])  # in each block of equal scores
    below = _cumulative(y == 0)[edges]  # negatives under each block's edges
    wins = (positive * (below[:-1] + below[1:])).sum() / 2
    return _divide(wins, positive.sum() * below[-1])


def average_precision(y_true: Array, y_score: Array) -> float:
    """Area under the precision-recall curve as a step function, without interpolation."""
    order = np.argsort(y_score, kind="stable")[::-1]
    y, edges = np.asarray(y_true)[order], _tie_edges(np.asarray(y_score)[order])
    hits = _cumulative(y == 1)[edges]  # true positives at or above each threshold
    precision = hits[1:] / np.maximum(edges[1:], 1)
    return _divide((np.diff(hits) * precision).sum(), hits[-1])


def _share(hits: BoolArray, among: BoolArray) -> float:
    """Number of cases in both, over the number of cases in `among`."""
    return _divide(np.count_nonzero(hits & among), np.count_nonzero(among))


def _divide(top: float, bottom: float) -> float:
    """`top / bottom`, NaN where `bottom` is 0."""
    return float(top / bottom) if bottom > 0 else float("nan")


def _cumulative(cases: BoolArray) -> IntArray:
    """(n + 1,) running counts of cases, with a leading 0."""
    return np.concatenate([[0], np.cumsum(cases)])


def _tie_edges(ordered: Array) -> IntArray:
    """Where each run of equal values starts, and the length: edges into `_cumulative`."""
    return np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])
