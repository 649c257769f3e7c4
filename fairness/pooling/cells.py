"""Histograms that no small count can be read from: bins merged until each holds enough people.

The scores of one class of a group, below and from the threshold on, are counted in cells. A cell
ends at an edge between two of the fixed bins and holds at least `least` people; only where a whole
side of the threshold has fewer is its one cell smaller, and then says no more than the rates do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.pooling.bins import BINS


@dataclass(frozen=True)
class Cells:
    """How many scores of one class lie where: K adjoining cells of one side, or of both."""

    edges: tuple[float, ...]
    """(K + 1,) ascending places; a cell holds its lower edge, not its upper one."""
    counts: tuple[int, ...]
    """(K,) cases."""

    def upto(self, place: FloatArray) -> tuple[IntArray, IntArray]:
        """Fewest and most cases that can lie below each place (m,)."""
        total = np.concatenate([[0], np.cumsum(self.counts)])
        inside = np.clip(np.searchsorted(self.edges, place, "right") - 1, 0, len(self.counts))
        exact = np.isin(place, self.edges) | (inside == len(self.counts))
        last = np.minimum(inside + 1, len(self.counts))
        return total[inside], np.where(exact, total[inside], total[last])

    def without(self, edge: float) -> "Cells":
        """The same with the cells on both sides of an inner edge as one."""
        k = self.edges.index(edge)
        both = self.counts[k - 1] + self.counts[k]
        counts = (*self.counts[: k - 1], both, *self.counts[k + 1 :])
        return Cells((*self.edges[:k], *self.edges[k + 1 :]), counts)


def merged(
    place: FloatArray,
    units: IntArray,
    side: tuple[float, float],
    lattice: tuple[int, int],
    least: int,
) -> Cells:
    """Cells of `least` people or more, from the low end of a side to its high end.

    Args:
        place: (m,) of the cases of one class on this side of the threshold.
        units: (m,) patients.
        side: both ends of the side, as places.
        lattice: the first edge that may be used, and the step to the next.
        least: fewest people of a cell.
    """
    order = np.argsort(place, kind="stable")
    place, units = place[order], units[order]
    allowed = np.arange(lattice[0], BINS, lattice[1], dtype=np.float64)
    allowed = allowed[(allowed > side[0]) & (allowed < side[1])]
    below = np.searchsorted(place, allowed, "left")
    if least <= 1:
        return unmerged(allowed, below, len(place), side)
    ends, edges = [0], [side[0]]
    for edge, end in zip(allowed.tolist(), below.tolist(), strict=True):
        if enough(units[ends[-1] : end], least):
            edges.append(edge)
            ends.append(end)
    if len(ends) > 1 and not enough(units[ends[-1] :], least):
        del edges[-1], ends[-1]
    counts = np.diff([*ends, len(place)])
    return Cells((*edges, side[1]), tuple(counts.tolist()))


def unmerged(edges: FloatArray, below: IntArray, cases: int, side: tuple[float, float]) -> Cells:
    """Cells between neighbouring edges (m,), with so many cases `below` each; empty ones as one."""
    counts = np.diff([0, *below.tolist(), cases])
    kept = (counts[:-1] > 0) | (counts[1:] > 0)  # edges with a case on either side
    counts = np.diff([0, *below[kept].tolist(), cases])
    return Cells((side[0], *edges[kept].tolist(), side[1]), tuple(counts.tolist()))


def enough(units: IntArray, least: int) -> bool:
    """Whether the cases with these patients (m,) are of so many people."""
    return len(units) >= least and len(np.unique(units)) >= least


def joined(sides: Sequence[Cells]) -> Cells:
    """The cells of both sides of the threshold, empty ones of no width left out."""
    edges, counts = [sides[0].edges[0]], []
    for one in sides:
        for start, end, count in zip(one.edges[:-1], one.edges[1:], one.counts, strict=True):
            if end > start or count:
                edges.append(end)
                counts.append(count)
    return Cells(tuple(edges), tuple(counts))
