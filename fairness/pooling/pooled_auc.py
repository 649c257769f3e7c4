"""The AUC of several sites as one population, and how far the cells can have moved it.

Pairs of one site are in the AUC that the site states, exactly. Pairs across sites are ranked by
their cells: where two cells overlap nobody knows who scored higher, which bounds the AUC from both
sides. Between the bounds, scores are spread inside their cell as all scores of the site are, and
what that misses inside the two sites, where the AUC is known, is added to the share of pairs won
across them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.metrics.classification import auc
from fairness.pooling.cells import Cells
from fairness.pooling.summary import Part
from fairness.statistics.delong import influence


@dataclass(frozen=True)
class PooledAuc:
    """Of people of several sites together; NaN where there is no pair."""

    value: float
    lowest: float
    """If every undecided pair were lost."""
    highest: float
    """If every undecided pair were won."""
    variance: float

    @property
    def cost(self) -> float:
        """The most that the cells can have moved the value."""
        return max(self.highest - self.value, self.value - self.lowest)


def pooled_auc(parts: Sequence[Part], everybody: Sequence[Part]) -> PooledAuc:
    """The AUC over disjoint parts.

    Args:
        parts: one or more a site, of different people.
        everybody: all people of each part's site.
    """
    sizes = np.array([part.cases for part in parts], dtype=np.float64).reshape(-1, 2)
    pairs = float(sizes[:, 0].sum() * sizes[:, 1].sum())
    if not pairs:
        return PooledAuc(*(np.nan,) * 4)
    y, place, of_part = spread(parts, everybody)
    inside, exact = sizes.prod(axis=1), np.array([part.auc.value for part in parts])
    ranked = np.array([auc(y[of_part == k], place[of_part == k]) for k in range(len(parts))])
    stated, missed = float(inside @ exact), exact - ranked
    between = np.outer(sizes[:, 1], sizes[:, 0])  # pairs of a positive and a negative of two parts
    np.fill_diagonal(between, 0.0)
    across = auc(y, place) * pairs - float(inside @ ranked)
    across += float((between * np.add.outer(missed, missed) / 2).sum())
    won, possible = wins(parts)
    across = float(np.clip(across, won, possible))
    value, lowest, highest = ((stated + w) / pairs for w in (across, won, possible))
    return PooledAuc(value, lowest, highest, variance(y, place, of_part, parts))


def wins(parts: Sequence[Part]) -> tuple[float, float]:
    """Pairs across parts that positives have won, and that they may have won."""
    found = [
        undecided(one.positives, other.negatives)
        for one in parts
        for other in parts
        if other is not one
    ]
    return sum(won for won, _ in found), sum(possible for _, possible in found)


def undecided(positives: Cells, negatives: Cells) -> tuple[float, float]:
    """Pairs of two histograms that positives have won, and that they may have won."""
    counts = np.array(positives.counts, dtype=np.float64)
    starts, ends = np.array(positives.edges[:-1]), np.array(positives.edges[1:])
    return float(counts @ negatives.upto(starts)[0]), float(counts @ negatives.upto(ends)[1])


def variance(y: IntArray, place: FloatArray, of_part: IntArray, parts: Sequence[Part]) -> float:
    """DeLong's of the pooled cases, that of each part times its design effect."""
    _, moved = influence(y, place)
    effect = np.array([part.auc.design_effect for part in parts])[of_part]
    found = 0.0
    for k in (0, 1):
        people = sum(part.people_of_class[k] for part in parts)
        found += people / (people - 1) * float((effect * moved**2)[y == k].sum())
    return found


def spread(
    parts: Sequence[Part], everybody: Sequence[Part]
) -> tuple[IntArray, FloatArray, IntArray]:
    """Class, place and part of every case, each somewhere in its cell."""
    y, place, of_part = [], [], []
    for k, (part, whole) in enumerate(zip(parts, everybody, strict=True)):
        for label in (0, 1):
            cells = (part.negatives, part.positives)[label]
            found = placed(cells, (whole.negatives, whole.positives)[label])
            place.append(found)
            y.append(np.full(len(found), label))
            of_part.append(np.full(len(found), k))
    return np.concatenate(y), np.concatenate(place), np.concatenate(of_part)


def placed(cells: Cells, whole: Cells) -> FloatArray:
    """(n,) places of the cases of a histogram, spread as those of `whole` are."""
    edges, below = shape_of(whole)
    found = [np.zeros(0)]
    for start, end, count in zip(cells.edges[:-1], cells.edges[1:], cells.counts, strict=True):
        share = (np.arange(count) + 0.5) / max(count, 1)
        low, high = np.interp([start, end], edges, below)
        if high > low:
            found.append(np.clip(np.interp(low + share * (high - low), below, edges), start, end))
        else:
            found.append(start + share * (end - start))
    return np.concatenate(found)


def shape_of(whole: Cells) -> tuple[FloatArray, FloatArray]:
    """Edges of a histogram and how many cases lie below each of them.

    The outermost cells reach to the ends of the scale, where hardly a score is: they are taken to
    be at most twice as wide as their neighbours.
    """
    edges = np.array(whole.edges)
    if len(edges) > 3:
        edges[0] = max(edges[0], edges[1] - 2 * (edges[2] - edges[1]))
        edges[-1] = min(edges[-1], edges[-2] + 2 * (edges[-2] - edges[-3]))
    # Where nobody is, the count below stands still: a little more makes it a function of the place.
    below = np.concatenate([[0], np.cumsum(whole.counts)]) + 1e-9 * np.arange(len(edges))
    return edges, below
