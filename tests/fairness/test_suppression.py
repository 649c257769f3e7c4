"""Small cells: what no reader may find, and what must not be hidden."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.groups import Grouping, intersection, plain
from fairness.suppression import protected, suppressed, suppressed_together

LEAST = 11
TABLES = st.integers(1, 3).flatmap(
    lambda ndim: arrays(
        np.int64,
        st.tuples(*[st.integers(1, 4)] * ndim),
        elements=st.integers(0, 15) | st.integers(0, 200),
    )
)


@given(TABLES)
def test_no_line_gives_a_hidden_cell_away(counts: IntArray) -> None:
    hidden = suppressed(counts, LEAST)
    assert (hidden | ~((counts > 0) & (counts < LEAST))).all()
    assert not hidden[counts == 0].any()
    for axis in range(counts.ndim):
        lines = np.moveaxis(counts, axis, -1).reshape(-1, counts.shape[axis])
        masks = np.moveaxis(hidden, axis, -1).reshape(-1, counts.shape[axis])
        for line, mask in zip(lines, masks, strict=True):
            told = mask.sum() == 1 or (mask.any() and (line[mask] == 1).all())
            assert not told or mask.sum() == (line > 0).sum()


@given(TABLES)
def test_large_cells_are_all_shown(counts: IntArray) -> None:
    assert not suppressed(counts + LEAST, LEAST).any()
    assert not suppressed(counts, 0).any()


def attributes(n: int, seed: int) -> list[Grouping]:
    rng = np.random.default_rng(seed)
    race = rng.choice(4, n, p=[0.04, 0.1, 0.16, 0.7])
    gender = rng.choice(2, n, p=[0.1, 0.9])
    return [
        plain(Attribute("race", ("A", "B", "C", "D")), race),
        plain(Attribute("gender", ("F", "M")), gender),
    ]


def solved(equations: list[tuple[list[tuple[str, str]], int]]) -> dict[tuple[str, str], int]:
    """What linear algebra finds: cells whose value follows from sums of cells."""
    names = sorted({name for cells, _ in equations for name in cells})
    matrix = np.array([[name in cells for name in names] for cells, _ in equations], dtype=float)
    totals = np.array([total for _, total in equations], dtype=float)
    answer = np.linalg.lstsq(matrix, totals, rcond=None)[0]
    _, singular, basis = np.linalg.svd(matrix)
    null = basis[(singular > 1e-9).sum() :]
    free = np.abs(null).max(axis=0, initial=0) > 1e-9
    return {name: round(answer[k]) for k, name in enumerate(names) if not free[k]}


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 250), st.integers(0, 10_000))
def test_margins_and_crossings_together_give_nobody_away(n: int, seed: int) -> None:
    race, gender = attributes(n, seed)
    both = intersection([race, gender])
    people = np.arange(n)
    groupings = [race, gender, both]
    masks = suppressed_together(groupings, people, LEAST)
    equations, small = [], set()
    for grouping, mask in zip(groupings, masks, strict=True):
        name, groups = grouping.attribute.name, grouping.attribute.groups
        counts = np.bincount(grouping.codes, minlength=len(groups))
        equations.append(([(name, group) for group in groups], n))
        for code, (group, count) in enumerate(zip(groups, counts, strict=True)):
            if 0 < count < LEAST:
                small.add((name, group))
            if not mask[code]:
                inside = np.unique(both.codes[grouping.codes == code])
                equations.append(([(name, group)], int(count)))
                equations.append(
                    ([("race*gender", both.attribute.groups[k]) for k in inside], count)
                )
    nothing_shown = all(mask.all() for mask in masks)
    assert nothing_shown or not small & set(solved(equations))


def test_strata_of_a_control_cannot_be_subtracted_from_the_attribute() -> None:
    # 5 of the 40 of group A are in the second stratum: shown in the first, they would follow.
    race = plain(Attribute("race", ("A", "B")), np.repeat([0, 1], [40, 100]))
    levels = plain(Attribute("site", ("= 1", "= 2")), np.repeat([0, 1, 0, 1], [35, 5, 50, 50]))
    found = {g.attribute.name: g for g in protected([race], levels, np.arange(140), LEAST)}
    assert found["race"].hidden == frozenset()
    assert found["race | site = 2"].hidden == frozenset({"A", "B"})
    assert found["race | site = 1"].hidden == frozenset({"A", "B"})
    assert not found["race | site = 1"].primary


def test_a_small_stratum_is_hidden_as_a_whole() -> None:
    race = plain(Attribute("race", ("A", "B")), np.tile([0, 1], 50))
    levels = plain(Attribute("site", ("= 1", "= 2")), np.repeat([0, 1], [94, 6]))
    found = {g.attribute.name: g for g in protected([race], levels, np.arange(100), LEAST)}
    assert found["race | site = 2"].hidden == frozenset({"A", "B", "all"})


def test_people_count_and_not_their_images() -> None:
    race = plain(Attribute("race", ("A", "B", "C")), np.repeat([0, 1, 2], [60, 60, 60]))
    patients = np.concatenate([np.arange(60) // 10, 100 + np.arange(60), 200 + np.arange(60)])
    assert suppressed_together([race], patients, LEAST)[0].tolist() == [True, True, False]


def test_few_unknown_are_no_group_of_a_sensitivity_analysis() -> None:
    codes = np.repeat([0, 1, -1], [40, 40, 3])
    (race,) = protected([plain(Attribute("race", ("A", "B")), codes)], None, np.arange(83), LEAST)
    assert race.hidden == frozenset({"unknown"})
    names = [
        g.attribute.name
        for g in protected(
            [plain(Attribute("race", ("A", "B")), np.repeat([0, 1, -1], [40, 40, 20]))],
            None,
            np.arange(100),
            LEAST,
        )
    ]
    assert names == ["race", "race (unknown as a group)"]
