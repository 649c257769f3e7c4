"""How far a metric differs between groups: disaggregate with `by_group`, then aggregate.

Group codes are integers `0..n_groups - 1`; -1 (unknown) belongs to no group and is left out.
Values of groups are an array (..., G) with NaN where a group's metric is undefined. The aggregates
leave undefined groups out, and `left_out` names them, so that the caller can say that the number
is partial. `compat=True` reproduces fairlearn and the original FairCLIP evaluation instead, where
an undefined rate of a group counts as 0 and an undefined AUC spoils the whole number.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.metrics.classification import (
    Value,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)

Metric: TypeAlias = Callable[[Array, Array, Array | None], Value]


def by_group(
    metric: Metric,
    codes: Array,
    n_groups: int,
    y_true: Array,
    y_other: Array,
    weights: Array | None = None,
    compat: bool = False,
) -> FloatArray:
    """The metric inside each group, (G,), or (R, G) for weights (R, n).

    Args:
        metric: one of `fairness.metrics.classification`.
        codes: (n,) group codes, -1 where unknown.
        n_groups: G; a group without cases is NaN.
        y_true: (n,) of 0/1.
        y_other: (n,), the predictions or scores that the metric takes.
        weights: None, (n,) or (R, n).
        compat: an undefined value of a group that has cases is 0, as in fairlearn.
    """
    y_true, y_other, codes = np.asarray(y_true), np.asarray(y_other), np.asarray(codes)
    replicates = () if weights is None else np.shape(weights)[:-1]
    values = np.full((*replicates, n_groups), np.nan)
    for group in range(n_groups):
        rows = np.flatnonzero(codes == group)
        inside = None if weights is None else np.asarray(weights)[..., rows]
        value = np.asarray(metric(y_true[rows], y_other[rows], inside))
        values[..., group] = np.nan_to_num(value) if compat and len(rows) else value
    return values


def left_out(values: FloatArray) -> tuple[int, ...]:
    """Indices of the groups (G,) that an aggregate leaves out because they are undefined."""
    return tuple(int(i) for i in np.flatnonzero(np.isnan(values)))


def difference(values: FloatArray) -> Value:
    """Largest minus smallest value over the groups; 0 means equal, NaN that none is defined."""
    return _float(_largest(values) - _smallest(values))


def ratio(values: FloatArray) -> Value:
    """Smallest over largest value; 1 means equal, NaN that none is defined or that all are 0."""
    with np.errstate(invalid="ignore"):
        return _float(np.asarray(_smallest(values) / _largest(values)))


def equity_scaled(overall: Value, values: FloatArray, compat: bool = False) -> Value:
    """`overall / (1 + sum over groups of |value - overall|)`: ES-AUC, ES-ACC of FairCLIP.

    It equals `overall` where all groups do, and is NaN where no group is defined; with `compat`
    one undefined group makes it NaN.
    """
    distances = np.abs(values - np.asarray(overall)[..., None])
    total = np.add.reduce(distances, axis=-1, where=compat | ~np.isnan(distances))
    total = np.where(np.isnan(distances).all(-1), np.nan, total)
    return _float(np.asarray(overall / (1 + total)))


def demographic_parity_difference(
    y_true: Array, y_pred: Array, codes: Array, weights: Array | None = None
) -> Value:
    """Largest difference between groups of the selection rate; 0 means equal rates."""
    return difference(by_group(selection_rate, codes, _count(codes), y_true, y_pred, weights))


def demographic_parity_ratio(
    y_true: Array, y_pred: Array, codes: Array, weights: Array | None = None
) -> Value:
    """Smallest over largest selection rate of the groups; 1 means equal rates."""
    return ratio(by_group(selection_rate, codes, _count(codes), y_true, y_pred, weights))


def equal_opportunity_difference(
    y_true: Array, y_pred: Array, codes: Array, weights: Array | None = None, compat: bool = False
) -> Value:
    """Largest difference between groups of the true positive rate; 0 means equal rates."""
    n = _count(codes)
    return difference(by_group(true_positive_rate, codes, n, y_true, y_pred, weights, compat))


def equalized_odds_difference(
    y_true: Array, y_pred: Array, codes: Array, weights: Array | None = None, compat: bool = False
) -> Value:
    """The larger of the differences in true and in false positive rate (fairlearn's worst case).

    0 means that both rates are equal in all groups.
    """
    n = _count(codes)
    tpr = difference(by_group(true_positive_rate, codes, n, y_true, y_pred, weights, compat))
    fpr = difference(by_group(false_positive_rate, codes, n, y_true, y_pred, weights, compat))
    return _float(np.asarray(np.fmax(tpr, fpr)))


def _count(codes: Array) -> int:
    return int(np.max(codes, initial=-1)) + 1


def _largest(values: FloatArray) -> FloatArray:
    return np.asarray(np.fmax.reduce(values, axis=-1, initial=np.nan))


def _smallest(values: FloatArray) -> FloatArray:
    return np.asarray(np.fmin.reduce(values, axis=-1, initial=np.nan))


def _float(value: FloatArray) -> Value:
    return value if value.ndim else float(value)
