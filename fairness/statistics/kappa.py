"""Variance of the quadratic weighted kappa, linearised, by patient, and never 0."""

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.metrics.multiclass import confusion, squared_distances
from fairness.statistics.averages import Average
from fairness.statistics.clusters import effective_patients
from fairness.statistics.intervals import mixed

CHANCE = 2
"""Cases that agree by chance only, added to the model's table: it is never without an error."""


def kappa_average(y: IntArray, called: IntArray, classes: int, units: IntArray) -> Average:
    """Of truth and decision (m,) of 0..K-1; `units` (m,) are patients 0, 1, ...

    The variance is mixed with that of the table after `CHANCE` more cases. With the observed
    distance D and the expected E, both in [0, 1], kappa is 1 - D / E, and D is at least as precise
    as a share: near kappa 1, (1 + kappa) / 2 is as precise as a share of 2 E m patients.
    """
    table, n = confusion(y, called, classes), effective_patients(units)
    expected = float(table.sum(1) @ squared_distances(classes) @ table.sum(0))
    if not expected > 0:
        return Average(np.zeros(len(y)), np.nan, 0.0)
    worth = n * min(2 * expected, 1.0)
    if not np.ptp(y) or not np.ptp(called):  # kappa is 0, whatever the cases: nothing is known
        return Average(np.zeros(len(y)), 1 / worth, worth)
    moved = influence_of_cells(table)[y, called] / len(y)
    sums = np.bincount(units, moved)
    people = len(np.unique(units))
    seen = float(sums @ sums) * people / max(people - 1, 1)
    by_chance = np.outer(table.sum(1), table.sum(0))
    likely = (n * table + CHANCE * by_chance) / (n + CHANCE)
    model = float((likely * influence_of_cells(likely) ** 2).sum()) / n
    variance = float(mixed(np.array(seen), np.array(model), np.array(n)))
    return Average(moved, variance, worth)


def influence_of_cells(table: FloatArray) -> FloatArray:
    """(K, K) by how much more weight of each cell of a table of shares (K, K) moves kappa."""
    distance = squared_distances(len(table))
    truth, called = table.sum(1), table.sum(0)
    observed, expected = (table * distance).sum(), truth @ distance @ called
    more = (distance @ called)[:, None] + (truth @ distance)[None, :] - 2 * expected
    return np.asarray(observed / expected**2 * more - (distance - observed) / expected)
