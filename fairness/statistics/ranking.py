"""AUC and average precision under many columns of weights at once, by running sums."""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights


@dataclass(frozen=True)
class Ranking:
    """Order of m cases by score; weights are (m, R), and counts stay exact."""

    positive: IntArray
    """Positives by ascending score."""
    negative: IntArray
    below: IntArray
    """Number of negatives that score less than each positive."""
    upto: IntArray
    """Number of negatives that score less or the same."""
    start: IntArray
    """Number of positives that score less."""

    @classmethod
    def of(cls, y_true: IntArray, y_score: FloatArray) -> "Ranking":
        """Rank cases with truth (m,) of 0/1 and scores (m,)."""
        order = np.argsort(y_score, kind="stable")
        positive, negative = (order[y_true[order] == k] for k in (1, 0))
        scores, others = y_score[positive], y_score[negative]
        return cls(
            positive,
            negative,
            np.searchsorted(others, scores, "left"),
            np.searchsorted(others, scores, "right"),
            np.searchsorted(scores, scores, "left"),
        )

    def replicates(self, weights: Weights, average_precision: bool) -> list[Replicates]:
        """(R,) AUC and, on request, average precision, of `fairness.metrics.classification`."""
        w = np.take(weights, self.positive, axis=0)
        lost = _running_sum(np.take(weights, self.negative, axis=0))
        below = np.take(lost, self.below, axis=0)
        tied = np.flatnonzero(self.below != self.upto)
        won = below.copy() if tied.size else below
        won[tied] = (below[tied] + lost[self.upto[tied]]) / 2
        total, negatives = w.sum(0), lost[-1]
        values = [divide(np.einsum("ij,ij->j", w, won), total * negatives)]
        if average_precision:
            found = _running_sum(w)
            hits = total - np.take(found, self.start, axis=0)  # at the threshold of each positive
            called = hits + negatives
            called -= below
            called[called == 0] = 1
            hits /= called
            values.append(divide(np.einsum("ij,ij->j", w, hits), total))
        return values


def divide(top: Replicates, bottom: Replicates) -> Replicates:
    """`top / bottom`, NaN where `bottom` is 0."""
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    return np.divide(top, bottom, out=np.full(shape, np.nan, np.float32), where=bottom > 0)


def _running_sum(weights: Weights) -> Weights:
    """Sums over the first 0, 1, ..., m rows: (m + 1, R); in two levels, as `np.cumsum` is slow."""
    m, replicates = weights.shape
    side = int(np.sqrt(m)) + 1
    sums = np.zeros((side * side + 1, replicates), dtype=np.float32)
    sums[1 : m + 1] = weights
    runs = sums[1:].reshape(side, side, replicates)
    for k in range(1, side):
        runs[:, k] += runs[:, k - 1]
    for k in range(1, side):
        runs[k] += runs[k - 1, -1]
    return sums[: m + 1]
