"""Metrics of a binary classifier: pure functions of truth, prediction or score, and weights.

Every function takes `y_true` (n,) of 0/1, then `y_pred` (n,) of 0/1 or `y_score` (n,) in [0, 1].
`weights` is None, one row (n,), or a bootstrap's matrix (R, n) with one replicate a row; the answer
is a float, or an array (R,) for a matrix. Undefined (an empty denominator, one class only) is NaN,
never 0: see docs/metrics.md.
"""

from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray

Value: TypeAlias = float | FloatArray


def accuracy(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of all cases predicted rightly."""
    right = np.equal(y_true, y_pred)
    return _share(right, np.ones(right.shape, dtype=bool), weights)


def selection_rate(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of all cases predicted positive."""
    return _share(np.equal(y_pred, 1), np.ones(np.shape(y_true), dtype=bool), weights)


def prevalence(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of all cases that are positive."""
    return _share(np.equal(y_true, 1), np.ones(np.shape(y_pred), dtype=bool), weights)


def true_positive_rate(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the positives predicted positive: sensitivity, recall."""
    return _share(np.equal(y_pred, 1), np.equal(y_true, 1), weights)


def false_negative_rate(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the positives predicted negative."""
    return _share(np.equal(y_pred, 0), np.equal(y_true, 1), weights)


def false_positive_rate(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the negatives predicted positive."""
    return _share(np.equal(y_pred, 1), np.equal(y_true, 0), weights)


def true_negative_rate(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the negatives predicted negative: specificity."""
    return _share(np.equal(y_pred, 0), np.equal(y_true, 0), weights)


def positive_predictive_value(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the predicted positives that are positive: precision."""
    return _share(np.equal(y_true, 1), np.equal(y_pred, 1), weights)


def negative_predictive_value(y_true: Array, y_pred: Array, weights: Array | None = None) -> Value:
    """Share of the predicted negatives that are negative."""
    return _share(np.equal(y_true, 0), np.equal(y_pred, 0), weights)


def brier_score(y_true: Array, y_score: Array, weights: Array | None = None) -> Value:
    """Mean squared distance between score and truth."""
    squared = (np.asarray(y_score, dtype=np.float64) - y_true) ** 2
    w = _as_weights(weights, len(squared))
    return _divide(w @ squared, w.sum(-1))


def auc(y_true: Array, y_score: Array, weights: Array | None = None) -> Value:
    """Area under the ROC curve: P(positive scores above negative), ties count one half."""
    order = np.argsort(y_score, kind="stable")
    w = _as_weights(weights, len(order))[..., order]
    y = np.asarray(y_true)[order]
    edges = _tie_edges(np.asarray(y_score)[order])
    positive = np.diff(_cumulative(w * (y == 1))[..., edges], axis=-1)  # (..., blocks)
    below = _cumulative(w * (y == 0))[..., edges]  # negatives under each block's edges
    wins = (positive * (below[..., :-1] + below[..., 1:])).sum(-1) / 2
    return _divide(wins, positive.sum(-1) * below[..., -1])


def average_precision(y_true: Array, y_score: Array, weights: Array | None = None) -> Value:
    """Area under the precision-recall curve as a step function, without interpolation."""
    order = np.argsort(y_score, kind="stable")[::-1]
    w = _as_weights(weights, len(order))[..., order]
    y = np.asarray(y_true)[order]
    edges = _tie_edges(np.asarray(y_score)[order])
    hits = _cumulative(w * (y == 1))[..., edges]  # true positives at or above each threshold
    called = _cumulative(w)[..., edges][..., 1:]
    precision = np.divide(hits[..., 1:], called, out=np.zeros_like(called), where=called > 0)
    return _divide((np.diff(hits, axis=-1) * precision).sum(-1), hits[..., -1])


def _share(hits: BoolArray, among: BoolArray, weights: Array | None) -> Value:
    """Weight of the cases in both, over the weight of the cases in `among`."""
    w = _as_weights(weights, len(among))
    return _divide(w @ (hits & among).astype(np.float64), w @ among.astype(np.float64))


def _as_weights(weights: Array | None, n: int) -> FloatArray:
    return np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)


def _divide(top: Value, bottom: Value) -> Value:
    """`top / bottom`, NaN where `bottom` is 0; a plain float for scalars."""
    bottom = np.asarray(bottom, dtype=np.float64)
    quotient = np.full(bottom.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient if quotient.ndim else float(quotient)


def _cumulative(w: FloatArray) -> FloatArray:
    """Running sums along the last axis, with a leading 0."""
    return np.concatenate([np.zeros((*w.shape[:-1], 1)), np.cumsum(w, axis=-1)], axis=-1)


def _tie_edges(ordered: Array) -> Array:
    """Where each run of equal values starts, and the length: edges into `_cumulative`."""
    return np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])
