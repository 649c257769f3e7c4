"""Metrics of a classifier of K classes: pure functions of truth and decision, (n,) of 0..K-1.

Undefined is NaN. A class may be without a case: then the balanced accuracy has no recall of it, and
is undefined, so that groups are not compared on different classes.
"""

import numpy as np

from fairness.arrays import Array, FloatArray


def confusion(y_true: Array, y_pred: Array, classes: int) -> FloatArray:
    """(K, K) shares of the cases by truth (row) and decision (column); NaN without a case."""
    cells = np.asarray(y_true, dtype=np.int64) * classes + np.asarray(y_pred, dtype=np.int64)
    counts = np.bincount(cells, minlength=classes**2).reshape(classes, classes)
    return counts / len(cells) if len(cells) else np.full((classes, classes), np.nan)


def balanced_accuracy(y_true: Array, y_pred: Array, classes: int) -> float:
    """Mean over the classes of the share of their cases that is predicted rightly."""
    table = confusion(y_true, y_pred, classes)
    if not (table.sum(1) > 0).all():
        return float("nan")
    return float((np.diag(table) / table.sum(1)).mean())


def quadratic_weighted_kappa(y_true: Array, y_pred: Array, classes: int) -> float:
    """1 - observed / expected squared distance of classes, in [-1, 1]; 1 is perfect, 0 chance.

    Cohen, Psychological Bulletin 1968. Expected is the distance where truth and decision have the
    same shares but nothing to do with each other; where it is 0, all are of one class, the value is
    undefined.
    """
    table = confusion(y_true, y_pred, classes)
    distance = squared_distances(classes)
    expected = float(table.sum(1) @ distance @ table.sum(0))
    return 1 - float((table * distance).sum()) / expected if expected > 0 else float("nan")


def squared_distances(classes: int) -> FloatArray:
    """(K, K) squared distance of two classes in order, 1 between the first and the last."""
    place = np.linspace(0, 1, classes)
    return np.asarray(np.subtract.outer(place, place) ** 2)
