"""Differences of a metric between groups: disaggregate with `by_group`, then aggregate.

Group codes are integers `0..n_groups - 1`; -1 (unknown) belongs to no group and is left out.
Values of groups are an array (G,) with NaN where a group's metric is undefined. The aggregates
leave undefined groups out. `compat=True` reproduces fairlearn and the original FairCLIP evaluation
instead, where an undefined rate of a group counts as 0 and an undefined AUC makes the whole number
undefined.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.metrics.classification import false_positive_rate, selection_rate, true_positive_rate

Metric: TypeAlias = Callable[[Array, Array], float]


def by_group(
    metric: Metric, codes: Array, n_groups: int, y_true: Array, y_other: Array, compat: bool = False
) -> FloatArray:
    """Values (G,) of the metric inside each group.

    Args:
        metric: one of `fairness.metrics.classification`.
        codes: (n,) group codes, -1 where unknown.
        n_groups: G; a group without cases is NaN.
        y_true: (n,) of 0/1.
        y_other: (n,), the predictions or scores that the metric takes.
        compat: an undefined value of a group that has cases is 0, as in fairlearn.
    """
    y_true, y_other, codes = np.asarray(y_true), np.asarray(y_other), np.asarray(codes)
    values = np.full(n_groups, np.nan)
    for group in range(n_groups):
        rows = np.flatnonzero(codes == group)
        value = metric(y_true[rows], y_other[rows])
        values[group] = np.nan_to_num(value) if compat and len(rows) else value
    return values


def difference(values: FloatArray) -> float:
    """Largest minus smallest value over the groups; 0 means equal, NaN that none is defined."""
    return float(np.fmax.reduce(values, initial=np.nan) - np.fmin.reduce(values, initial=np.nan))


def ratio(values: FloatArray) -> float:
    """Smallest over largest value; 1 means equal, NaN that none is defined or that all are 0."""
    largest = float(np.fmax.reduce(values, initial=np.nan))
    return float(np.fmin.reduce(values, initial=np.nan)) / largest if largest else float("nan")


def equity_scaled(overall: float, values: FloatArray, compat: bool = False) -> float:
    """`overall / (1 + sum over groups of |value - overall|)`: ES-AUC, ES-ACC of FairCLIP.

    It equals `overall` where all groups do, and is NaN where no group is defined; with `compat`
    one undefined group makes it NaN.
    """
    distances = np.abs(values - overall)
    if np.isnan(distances).all():
        return float("nan")
    return float(overall / (1 + np.add.reduce(distances, where=compat | ~np.isnan(distances))))


def demographic_parity_difference(y_true: Array, y_pred: Array, codes: Array) -> float:
    """Largest difference between groups of the selection rate; 0 means equal rates."""
    return difference(by_group(selection_rate, codes, _count(codes), y_true, y_pred))


def equalized_odds_difference(
    y_true: Array, y_pred: Array, codes: Array, compat: bool = False
) -> float:
    """The larger of the differences in true and in false positive rate (fairlearn's worst case).

    0 means that both rates are equal in all groups.
    """
    n = _count(codes)
    tpr = difference(by_group(true_positive_rate, codes, n, y_true, y_pred, compat))
    fpr = difference(by_group(false_positive_rate, codes, n, y_true, y_pred, compat))
    return float(np.fmax(tpr, fpr))


def _count(codes: Array) -> int:
    return int(np.max(codes, initial=-1)) + 1
