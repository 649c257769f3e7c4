"""Replicates of a large set of cases from counts by bin of score, instead of case by case.

Scores are cut at quantiles of each class into bins. A replicate is then how often the cases of each
cell were drawn, a cell being the cases of one bin with the same class, the same decision and the
same bin of the calibration error. Shares are exact. Sums over cases take each cell's mean, and
ranks within a bin are those that the cases have in the sample, on average. Points are never binned:
only how far a replicate moves from the point is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.metrics.classification import SHARES, average_precision
from fairness.statistics.binary import AMONG, COUNTED, BinaryScores
from fairness.statistics.bootstrap import Replicates
from fairness.statistics.calibration import equal_mass_bins
from fairness.statistics.ranking import Ranking
from fairness.statistics.recalibration import fit_intercept, fit_slope, refit

Numbers: TypeAlias = Callable[[FloatArray], dict[str, FloatArray]]
"""From counts of the cells (K, R) to replicates (R,) by name."""

BINS = 1000
"""Half of them of equal numbers of positives, half of negatives, as far as equal scores allow."""


@dataclass(frozen=True)
class Cells:
    """m cases in K cells."""

    of_case: IntArray
    """(m,) the cell of each case."""
    sizes: IntArray
    """(K,) cases of each cell."""
    level: IntArray
    """(K,) bin of the score, 0 to L - 1, never descending."""
    calibration: IntArray
    """(K,) bin of the calibration error."""
    predicted: BoolArray
    """(K,) whether its cases are predicted positive."""
    positive: BoolArray
    """(K,) whether they are."""


@dataclass(frozen=True)
class Inside:
    """Where the positives of each level (L,) stand in it, on average; 0 where it has none."""

    won: FloatArray
    """Share of the level's negatives that score less, ties counting one half."""
    hits: FloatArray
    """Share of the level's positives that score as much or more."""
    called: FloatArray
    """Share of the level's negatives that score as much or more."""


def cells_of(scores: BinaryScores, rows: IntArray) -> Cells:
    """The cells of the cases at `rows` (m,)."""
    y, s = scores.positive[rows], scores.score[rows]
    predicted = scores.predicted(rows)
    edges = edges_of(y, s)
    shape = (len(edges) + 1, scores.bins, 2, 2)
    within = (np.searchsorted(edges, s), equal_mass_bins(s, scores.bins), predicted * 1, y)
    key = np.ravel_multi_index(within, shape)
    found = np.bincount(key, minlength=np.prod(shape))
    kept = np.flatnonzero(found)
    place = np.zeros(len(found), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    level, calibration, called, positive = np.unravel_index(kept, shape)
    _, dense = np.unique(level, return_inverse=True)
    return Cells(
        of_case=place[key],
        sizes=found[kept],
        level=dense,
        calibration=calibration,
        predicted=called == 1,
        positive=positive == 1,
    )


def edges_of(y: IntArray, s: FloatArray) -> FloatArray:
    """Ascending edges of the bins; half of them are quantiles of each class, however rare it is."""
    found = []
    for kind in (0, 1):
        ordered = np.sort(s[y == kind])
        at = np.linspace(0, len(ordered), BINS // 2 + 1).astype(np.int64)[1:] - 1
        found.append(ordered[np.unique(at[at >= 0])])
    edges: FloatArray = np.unique(np.concatenate(found))
    return edges


def inside_of(y: IntArray, s: FloatArray, cells: Cells) -> Inside:
    """Mean standing of the positives of each level."""
    ranking, levels = Ranking.of(y, s), int(cells.level[-1]) + 1
    ends = [
        np.cumsum(np.bincount(cells.level[kind], cells.sizes[kind], levels))
        for kind in (~cells.positive, cells.positive)
    ]
    (negatives, before), (positives, _) = (
        (np.diff(end, prepend=0), np.concatenate([[0], end[:-1]])) for end in ends
    )
    at = cells.level[cells.of_case[ranking.positive]]
    below = (ranking.below + ranking.upto) / 2 - before[at]
    return Inside(
        *(
            np.bincount(at, standing, levels) / np.maximum(positives * of, 1)
            for standing, of in (
                (below, negatives),
                (ends[1][at] - ranking.start, positives),
                (ends[0][at] - ranking.below, negatives),
            )
        )
    )


def binned_replicator(
    scores: BinaryScores, rows: IntArray, cells: Cells, names: frozenset[str]
) -> Callable[[FloatArray], dict[str, Replicates]]:
    """Function from counts of the cells (K, R) to replicates (R,) of at least the named metrics."""
    y, s = scores.positive[rows], scores.score[rows]
    table = outcomes(cells)
    functions: list[Numbers] = [lambda counts: shares(table @ counts)]
    if names & {"auc", "average_precision"}:
        functions.append(ranked(y, s, cells))
    if not names <= {*SHARES, "auc", "average_precision"}:
        functions.append(summed(y, s, cells))

    def replicate(counts: FloatArray) -> dict[str, Replicates]:
        found = {name: of for function in functions for name, of in function(counts).items()}
        return {name: of.astype(np.float32) for name, of in found.items()}

    return replicate


def outcomes(cells: Cells) -> FloatArray:
    """(4, K) 1 where a cell's cases are true or false positives, false or true negatives."""
    y, called = cells.positive, cells.predicted
    return np.stack([y & called, ~y & called, y & ~called, ~y & ~called]).astype(np.float64)


def shares(counts: FloatArray) -> dict[str, FloatArray]:
    """Shares (R,) by name, from (4, R) counts of TP, FP, FN, TN."""
    return dict(zip(SHARES, ratio(COUNTED @ counts, AMONG @ counts), strict=True))


def ranked(y: IntArray, s: FloatArray, cells: Cells) -> Numbers:
    """Function for AUC and average precision, in float64: products of counts reach 10^12."""
    inside, levels = inside_of(y, s, cells), int(cells.level[-1]) + 1
    won, hits_in, called_in = (x[:, None] for x in (inside.won, inside.hits, inside.called))

    def numbers(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
        n, p = (
            by_level(counts, cells.level, cells.positive == kind, levels) for kind in (False, True)
        )
        upto, hits = n.cumsum(0), p.cumsum(0)
        positives, negatives = hits[-1], upto[-1]
        wins = (p * (upto - n + won * n)).sum(0)
        found = positives - hits + hits_in * p
        called = found + negatives - upto + called_in * n
        precise = ratio(found, called, 0.0)
        return (
            ratio(wins, positives * negatives),
            ratio((p * precise).sum(0), positives),
        )

    off = average_precision(y, s) - numbers(cells.sizes[:, None].astype(np.float64))[1][0]

    def replicate(counts: FloatArray) -> dict[str, FloatArray]:
        auc, precise = numbers(counts)
        return {"auc": auc, "average_precision": precise + off}

    return replicate


def by_level(counts: FloatArray, level: IntArray, chosen: BoolArray, levels: int) -> FloatArray:
    """(L, R) counts of the chosen cells (K,) of each level."""
    found = np.zeros((levels, counts.shape[1]))
    at = level[chosen]
    if at.size:
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        found[at[starts]] = np.add.reduceat(counts[chosen], starts, axis=0)
    return found


def summed(y: IntArray, s: FloatArray, cells: Cells) -> Numbers:
    """Function for Brier score and calibration, from sums over cases."""
    slope, intercept = fit_slope(y, s), fit_intercept(y, s)
    columns = [(s - y) ** 2, *slope.influence, *intercept.influence, y - s]
    means = np.stack(
        [np.bincount(cells.of_case, column, len(cells.sizes)) / cells.sizes for column in columns]
    )
    bins = np.equal.outer(np.arange(cells.calibration.max() + 1), cells.calibration)
    sums = np.concatenate([np.ones((1, len(cells.sizes))), means[:-1], bins * means[-1]])
    observed = (bins * means[-1]) @ cells.sizes[:, None] / max(1, len(y))

    def replicate(counts: FloatArray) -> dict[str, FloatArray]:
        n, squared, for_slope, for_intercept, in_bins = np.split(sums @ counts, [1, 2, 7, 9])
        return {
            "brier_score": ratio(squared, n)[0],
            "calibration_slope": refit(slope, for_slope),
            "calibration_intercept": refit(intercept, for_intercept),
            "calibration_error": np.abs(ratio(in_bins, n) - observed).sum(0),
        }

    return replicate


def ratio(top: FloatArray, bottom: FloatArray, otherwise: float = np.nan) -> FloatArray:
    """`top / bottom`; `otherwise` where `bottom` is 0."""
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), otherwise)
    return np.divide(top, bottom, out=out, where=bottom > 0)
