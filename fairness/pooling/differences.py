"""What a reader learns by adding and subtracting histograms, and which edges give too much away.

Everybody is the sum of the groups of every attribute, with those that are not shown. No two
histograms share an edge inside a side, so nothing can be subtracted exactly there; but the cells on
both sides of an edge bound how many scores lie below it. Where such bounds leave a group fewer than
`ROOM` whole numbers, the edge goes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.disclosure.cells import ROOM
from fairness.pooling.cells import Cells

Families = Sequence[Mapping[str, Cells]]
"""Sets of histograms that each add up to everybody, by a name; the same class and side."""


def unrevealing(families: Families, least: int) -> list[dict[str, Cells]]:
    """The same without the edges at which a count below them would be known too well.

    Args:
        families: their edges are disjoint but for the ends.
        least: below 2 nothing is protected.
    """
    found = [dict(family) for family in families]
    while least > 1:
        edges = sorted({e for one in found for cells in one.values() for e in cells.edges[1:-1]})
        bad = narrowed(found, np.array(edges))
        if not bad.any():
            break
        for edge in np.array(edges)[bad].tolist():
            for family in found:
                for name, cells in family.items():
                    if edge in cells.edges:
                        family[name] = cells.without(edge)
    return found


def narrowed(families: Families, places: FloatArray) -> BoolArray:
    """(m,) whether some histogram is known too well at a place, by all the others.

    That nobody, or everybody, of a cell lies below a place may be known: it leaves no small count.
    """
    first = [np.array([cells.upto(places) for cells in one.values()]) for one in families]
    known = reckoned(first)
    bad = np.zeros(len(places), dtype=bool)
    for before, now in zip(first, known, strict=True):
        (low, high), (lowest, highest) = before.transpose(1, 0, 2), now.transpose(1, 0, 2)
        at_end = (lowest == highest) & ((lowest == low) | (lowest == high))
        tight = highest - lowest < np.minimum(ROOM - 1, high - low)
        bad |= (tight & ~at_end).any(axis=0)
    return bad


def reckoned(bounds: Sequence[IntArray]) -> list[IntArray]:
    """Fewest and most cases below each place (P, 2, m) of each family, as all of them imply it.

    All families add up to the same, and no count falls from a place to the next: neither that of a
    part, nor that of everybody else.
    """
    now = [one.copy() for one in bounds]
    others = [np.zeros_like(one) for one in bounds]
    for one, other in zip(now, others, strict=True):
        other[:, 1] = one[:, 1, -1:].sum() if one.shape[2] else 0
    while True:
        before = [one.copy() for one in (*now, *others)]
        sums = [one.sum(axis=0) for one in now]
        sums += [both for one, other in zip(now, others, strict=True) for both in one + other]
        lowest = np.max([low for low, _ in sums], axis=0)
        highest = np.min([high for _, high in sums], axis=0)
        for one, other in zip(now, others, strict=True):
            rest = one.sum(axis=0) - one
            tighten(one, lowest - rest[:, 1], highest - rest[:, 0])
            tighten(one, lowest - other[:, 1], highest - other[:, 0])
            tighten(other, lowest - one[:, 1], highest - one[:, 0])
        if all((a == b).all() for a, b in zip(before, (*now, *others), strict=True)):
            return now


def tighten(bounds: IntArray, low: IntArray, high: IntArray) -> None:
    """Narrow bounds (P, 2, m) in place to others (P, m), and never falling from place to place."""
    bounds[:, 0] = np.maximum.accumulate(np.maximum(bounds[:, 0], low), axis=1)
    falling = np.minimum(bounds[:, 1], high)[:, ::-1]
    bounds[:, 1] = np.minimum.accumulate(falling, axis=1)[:, ::-1]


def rest_of(everybody: Cells, parts: Sequence[Cells]) -> Cells | None:
    """Those of everybody in no part, of whom nothing but their number is known; None: nobody."""
    left = sum(everybody.counts) - sum(sum(one.counts) for one in parts)
    return Cells((everybody.edges[0], everybody.edges[-1]), (left,)) if left else None
