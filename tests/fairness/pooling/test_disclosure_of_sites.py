"""What a reader of one site's file can find out by adding and subtracting whatever it shows."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from pooled_cohorts import a_site, summary_of
from scipy.optimize import linprog

from fairness.arrays import FloatArray
from fairness.disclosure.cells import ROOM
from fairness.pooling.bins import place_of
from fairness.pooling.cells import Cells
from fairness.pooling.differences import rest_of
from fairness.pooling.summary import Part, SiteSummary

LEAST = 11


def sides(cells: Cells, limit: float) -> list[Cells]:
    """Below and from the threshold on."""
    k = cells.edges.index(limit)
    return [
        Cells(cells.edges[: k + 1], cells.counts[:k]),
        Cells(cells.edges[k:], cells.counts[k:]),
    ]


def families_of(file: SiteSummary, positives: bool, side: int) -> list[list[Cells]]:
    """Histograms that add up to everybody: everybody, then the parts of each attribute."""
    limit = float(place_of(np.array([file.threshold]))[0])

    def of(part: Part) -> Cells:
        return sides(part.positives if positives else part.negatives, limit)[side]

    whole, found = of(file.everybody), []
    for attribute in file.attributes:
        if not attribute.parts:
            continue  # its people are everybody
        parts = [of(part) for part in attribute.parts]
        rest = rest_of(whole, parts)
        found.append([*parts, *([rest] if rest else [])])
    return [[whole], *found]


class Reader:
    """By linear programming: unknown are the cases of every part between any two edges."""

    def __init__(self, families: list[list[Cells]]) -> None:
        self.parts = [cells for family in families for cells in family]
        self.edges = sorted({edge for cells in self.parts for edge in cells.edges})
        self.m = len(self.edges) - 1
        self.lines: list[FloatArray] = []
        self.counts: list[float] = []
        for k, cells in enumerate(self.parts):
            for (start, end), count in zip(
                itertools.pairwise(cells.edges), cells.counts, strict=True
            ):
                self.lines.append(self.between([k], start, end))
                self.counts.append(count)
        starts = np.cumsum([0, *map(len, families)])
        members = [range(a, b) for a, b in itertools.pairwise(starts)]
        for other in members[1:]:
            for start, end in itertools.pairwise(self.edges):
                both = self.between(members[0], start, end) - self.between(other, start, end)
                self.lines.append(both)
                self.counts.append(0)

    def between(self, parts: list[int] | range, start: float, end: float) -> FloatArray:
        """Weights of the unknowns: cases of these parts between two edges."""
        found = np.zeros((len(self.parts), self.m))
        found[list(parts), self.edges.index(start) : self.edges.index(end)] = 1
        return found.ravel()

    def ends(self, weights: FloatArray) -> tuple[float, float]:
        """The fewest and the most such cases."""
        args = {"A_eq": sp.csr_array(np.array(self.lines)), "b_eq": self.counts}
        low, high = (linprog(sign * weights, **args, bounds=(0, None)).fun for sign in (1, -1))
        return round(low, 6), round(-high, 6)

    def too_well_known(self) -> list[tuple[int, float]]:
        """Part and place of counts that keep too few whole numbers, though nobody printed them.

        Nobody, and all of a cell, are no small count.
        """
        found = []
        for k, cells in enumerate(self.parts):
            for start, end in itertools.pairwise(self.edges):
                cell = int(np.searchsorted(cells.edges, end)) - 1
                low, high = cells.edges[cell], cells.edges[cell + 1]
                for a, b in ((low, end), (start, end)):
                    if {a, b} <= {low, high}:
                        continue  # printed
                    fewest, most = self.ends(self.between([k], a, b))
                    count = cells.counts[cell]
                    room = most - fewest >= min(ROOM - 1, count)
                    if not room and most > 0 and fewest < count:
                        found.append((k, b))
        return found


@pytest.mark.parametrize(
    ("seed", "people", "digits"),
    [
        (0, 110, 9),
        (24, 200, 1),
        pytest.param(2, 170, 9, marks=pytest.mark.further),
        pytest.param(31, 200, 1, marks=pytest.mark.further),
    ],
)
def test_no_count_inside_a_cell_follows_from_all_histograms_together(
    seed: int, people: int, digits: int
) -> None:
    scored, groupings = a_site(seed, people)
    few_values = replace(scored, score=np.round(scored.score, digits))
    file = summary_of((few_values, groupings), "A", LEAST)
    assert sum(len(attribute.parts) for attribute in file.attributes) >= 2
    for positives, side in ((False, 0), (True, 1)):
        assert Reader(families_of(file, positives, side)).too_well_known() == []


def test_the_reader_does_find_a_count_that_follows() -> None:
    whole, part = Cells((0.0, 50.0, 100.0), (20, 20)), Cells((0.0, 50.0, 100.0), (18, 12))
    rest = Cells((0.0, 100.0), (10,))  # 2 and 8 of them lie on either side of 50
    assert (2, 50.0) in Reader([[whole], [part, rest]]).too_well_known()


def test_cells_hold_enough_people_and_share_no_edge() -> None:
    file = summary_of(a_site(3, 900, images=2), "A", LEAST)
    limit = float(place_of(np.array([file.threshold]))[0])
    parts = [file.everybody, *(part for a in file.attributes for part in a.parts)]
    for positives in (False, True):
        edges: list[float] = []
        for part in parts:
            for cells in sides(part.positives if positives else part.negatives, limit):
                assert min(cells.counts) >= LEAST or len(cells.counts) == 1
                edges += cells.edges[1:-1]
        assert len(edges) > 20
        assert len(set(edges)) == len(edges)


def test_who_is_in_no_shown_group_is_nobody_or_enough_of_both_classes() -> None:
    for seed in range(12):
        scored, groupings = a_site(seed, 260)
        rng = np.random.default_rng(seed)
        codes = np.where(rng.random(260) < 0.03, -1, groupings[0].codes)
        file = summary_of((scored, [replace(groupings[0], codes=codes), groupings[1]]), "A", LEAST)
        for attribute in file.attributes:
            shown = np.sum([(0, 0), *(part.cases for part in attribute.parts)], axis=0)
            left = np.array(file.everybody.cases) - shown
            assert (left == 0).all() or (left >= LEAST).all(), (seed, attribute.withheld)
            assert set(attribute.withheld) | {p.group for p in attribute.parts} == set(
                attribute.groups
            )
