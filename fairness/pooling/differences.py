"""What a reader learns by adding and subtracting histograms, and which edges give too much away.

Everybody is the sum of the groups of every attribute, with those that are not shown. No two
histograms share an edge inside a side, so nothing can be subtracted exactly there; but the cells on
both sides of an edge bound how many scores lie below it. Where such bounds leave a group fewer than
`ROOM` whole numbers, the edge goes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.arrays import BoolArray, FloatArray
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
    """(m,) whether some histogram is known too well at a place, by all the others."""
    bad = np.zeros(len(places), dtype=bool)
    bounds = [[cells.upto(places) for cells in one.values()] for one in families]
    totals = [np.sum(one, axis=0) for one in bounds]  # fewest and most, (2, m)
    for k, one in enumerate(bounds):
        others = [total for j, total in enumerate(totals) if j != k]
        if not others:
            continue
        lowest = np.max([low for low, _ in others], axis=0)
        highest = np.min([high for _, high in others], axis=0)
        for low, high in one:
            rest_low, rest_high = totals[k][0] - low, totals[k][1] - high
            left = np.minimum(high, highest - rest_low) - np.maximum(low, lowest - rest_high)
            bad |= left < np.minimum(ROOM - 1, high - low)
    return bad


def rest_of(everybody: Cells, parts: Sequence[Cells]) -> Cells | None:
    """Those of everybody in no part, of whom nothing but their number is known; None: nobody."""
    left = sum(everybody.counts) - sum(sum(one.counts) for one in parts)
    return Cells((everybody.edges[0], everybody.edges[-1]), (left,)) if left else None
