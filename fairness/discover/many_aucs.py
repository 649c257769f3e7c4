"""AUCs of many subsets of the same cases, with DeLong's variance, by running sums over the scores.

The numbers are those of `fairness/statistics/delong.py`, of all subsets at once.
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.intervals import auc_variance


@dataclass(frozen=True)
class Aucs:
    """C subsets."""

    value: FloatArray
    variance: FloatArray
    """Never 0: mixed with that of a model, as intervals of an AUC are (`auc_variance`)."""


@dataclass(frozen=True)
class Ordered:
    """m cases by ascending score, positives and negatives apart."""

    positive: IntArray
    """(P,) positives by ascending score, as rows."""
    negative: IntArray
    below: tuple[IntArray, IntArray]
    """(P,) number of negatives that score less than each positive; less or the same."""
    under: tuple[IntArray, IntArray]
    """(N,) number of positives that score less than each negative; less or the same."""

    @classmethod
    def of(cls, y_true: IntArray, y_score: FloatArray) -> "Ordered":
        """Order cases with truth (m,) of 0/1 and scores (m,)."""
        order = np.argsort(y_score, kind="stable")
        positive, negative = (order[y_true[order] == k] for k in (1, 0))
        high, low = y_score[positive], y_score[negative]
        return cls(
            positive,
            negative,
            (np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")),
            (np.searchsorted(high, low, "left"), np.searchsorted(high, low, "right")),
        )

    def aucs(self, members: BoolArray, units: IntArray) -> Aucs:
        """AUC and variance of subsets (C, m), each of two positives and two negatives at least.

        Args:
            members: (C, m) who is in each subset.
            units: (m,) the patients, who move an AUC with all their cases together.
        """
        high, low = members[:, self.positive], members[:, self.negative]
        positives, negatives = high.sum(1), low.sum(1)
        won, lost = places(low, self.below), places(high, self.under)
        won *= high / negatives[:, None]
        lost *= low / positives[:, None]
        value = won.sum(1) / positives
        if len(np.unique(units)) == len(units):
            variance = alone(won, positives) + alone(lost, negatives)
            people, of_low = positives, negatives
        else:
            won = (won - value[:, None] * high) / positives[:, None]
            lost = ((1 - value[:, None]) * low - lost) / negatives[:, None]
            of_both = (units[self.positive], units[self.negative])
            variance, people, of_low = together((won, lost), (high, low), of_both)
        regular = auc_variance(value, variance, of_low.astype(float), people.astype(float))
        return Aucs(value, regular)


def places(members: BoolArray, bounds: tuple[IntArray, IntArray]) -> FloatArray:
    """(C, P) for each case of one class the members of the other below it, ties one half."""
    sums = np.zeros((len(members), members.shape[1] + 1))
    np.cumsum(members, axis=1, out=sums[:, 1:])
    below = np.take(sums, bounds[0], axis=1)
    tied = np.flatnonzero(bounds[0] != bounds[1])
    below[:, tied] = (below[:, tied] + sums[:, bounds[1][tied]]) / 2
    return np.asarray(below)


def alone(placed: FloatArray, cases: IntArray) -> FloatArray:
    """(C,) variance that one class adds, each case a patient of its own.

    `placed` (C, P) are the placements of the members among `cases` (C,), 0 for all others.
    """
    squares = np.einsum("ij,ij->i", placed, placed) - placed.sum(1) ** 2 / cases
    return np.asarray(squares / (cases * (cases - 1)))


def together(
    moved: tuple[FloatArray, FloatArray],
    members: tuple[BoolArray, BoolArray],
    units: tuple[IntArray, IntArray],
) -> tuple[FloatArray, IntArray, IntArray]:
    """(C,) variance where patients have several cases, and patients with either class.

    As `variance_of` of `fairness/statistics/delong.py`.

    Args:
        moved: (C, P) and (C, N) by how much positives and negatives move the AUC.
        members: of the same shapes, who is in.
        units: (P,) and (N,) the patients.
    """
    number = 1 + max(int(unit.max(initial=0)) for unit in units)
    found, people = np.zeros(len(moved[0])), np.zeros((2, len(moved[0])), dtype=np.int64)
    for i in range(len(found)):
        up, down = (np.bincount(unit, m[i], number) for unit, m in zip(units, moved, strict=True))
        inside = [np.bincount(u, m[i], number) > 0 for u, m in zip(units, members, strict=True)]
        people[:, i] = [np.count_nonzero(seen) for seen in inside]
        of_classes = sum(
            m / (m - 1) * (x @ x) for m, x in zip(people[:, i], (up, down), strict=True)
        )
        everyone = np.count_nonzero(inside[0] | inside[1])
        found[i] = max(of_classes + 2 * everyone / (everyone - 1) * (up @ down), 0.0)
    return found, people[0], people[1]
