"""How samples are divided, against numpy and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.attributes import GENDER, RACE, UNKNOWN, Attribute
from fairness.errors import DataError, UsageError
from fairness.groups import (
    OUTSIDE,
    binned,
    controlled,
    intersection,
    known_ages,
    plain,
    said_of_ages,
    strata,
    with_unknown,
)

AGES = st.lists(st.floats(0, 110) | st.just(float("nan")), min_size=1, max_size=50).filter(
    lambda ages: not np.isnan(ages).all()
)


@given(AGES)
def test_bins_hold_what_their_names_say(ages: list[float]) -> None:
    values = np.array(ages)
    grouping = binned("age", values, "40,60.5,80")
    assert grouping.attribute.groups == ("< 40", "40 to < 60.5", "60.5 to < 80", ">= 80")
    expected = np.full(len(values), UNKNOWN)
    for age, code in zip((0, 40, 60.5, 80), range(4), strict=True):
        expected[values >= age] = code
    np.testing.assert_array_equal(grouping.codes, expected)


def test_quantiles_and_named_bins() -> None:
    values = np.arange(100.0)
    quarters = binned("md", values, "quantile:4")
    np.testing.assert_array_equal(np.bincount(quarters.codes), [25, 25, 25, 25])
    assert binned("age", values, "fairfedmed").attribute.groups == ("< 60", ">= 60")
    assert len(binned("age", values, "decades").attribute.groups) == 9
    equal = binned("age", np.full(9, 5.0), "quantile:3")  # one edge is left of two equal ones
    assert equal.attribute.groups == ("< 5", ">= 5")


@pytest.mark.parametrize("bins", ["", "x", "60,40", "40,40", "nan", "quantile:1", "quantile:x"])
def test_bins_that_cannot_be_read(bins: str) -> None:
    with pytest.raises(UsageError, match="give ascending edges"):
        binned("age", np.arange(5.0), bins)


def test_codes_of_the_unknown_are_no_stratum_unless_levels_are_negative() -> None:
    site = strata("site", np.array([1.0, -1.0, 2.0, -99.0, np.nan, 2.0]), None)
    assert site.attribute.groups == ("= 1", "= 2")
    assert site.codes.tolist() == [0, -1, 1, -1, -1, 1]
    grade = strata("grade", np.array([-2.0, -1.0, 0.0]), None)
    assert grade.attribute.groups == ("= -2", "= -1", "= 0")
    assert grade.codes.tolist() == [0, 1, 2]


@given(st.lists(st.floats() | st.sampled_from([-1.0, 0.0, 120.0, 121.0, 999.0])))
def test_ages_that_nobody_has_are_unknown_and_counted(ages: list[float]) -> None:
    values = np.array(ages, dtype=np.float64)
    found = known_ages(values)
    kept = [0 <= age <= 120 for age in ages]
    assert np.isfinite(found).tolist() == kept
    np.testing.assert_array_equal(found[kept], values[kept])
    n = sum(age == age and not keep for age, keep in zip(ages, kept, strict=True))
    expected = f"{n} of {len(ages)} ages lie outside 0..120 and count as unknown" if n else ""
    assert said_of_ages({"age": values, "md": np.full(3, -30.0)}) == expected
    assert said_of_ages({"md": values}) == ""


def test_bins_of_nothing() -> None:
    with pytest.raises(DataError, match="not recorded for any image"):
        binned("age", np.full(3, np.nan), "40")


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 1)), min_size=1))
def test_crossing_names_every_combination_and_the_unknown(
    rows: list[tuple[int, int]],
) -> None:
    race, gender = (np.array(column) for column in zip(*rows, strict=True))
    crossed = intersection([plain(RACE, race), plain(GENDER, gender)])
    assert crossed.factors == (3, 2)
    for r, g, code in zip(race, gender, crossed.codes, strict=True):
        expected = "unknown" if min(r, g) < 0 else f"{RACE.groups[r]} * {GENDER.groups[g]}"
        assert crossed.attribute.label(int(code)) == expected


def test_names_of_crossed_groups_are_unambiguous() -> None:
    one, other = Attribute("a", ("A", "A * B")), Attribute("b", ("B * C", "C"))
    zeros = np.zeros(1, dtype=np.int64)
    names = intersection([plain(one, zeros), plain(other, zeros)]).attribute.groups
    assert len(set(names)) == 4
    assert names[0] == 'A * "B * C"'


def test_the_unknown_as_a_group_and_strata_only_look_again() -> None:
    race = plain(RACE, np.array([0, 1, 2, -1]))
    sensitive = with_unknown(race)
    assert sensitive.attribute.label(3) == "not recorded"
    assert sensitive.codes.tolist() == [0, 1, 2, 3]
    levels = strata("site", np.array([1.0, 2.0, np.nan, 2.0]), None)
    assert levels.attribute.groups == ("= 1", "= 2")
    one, two = controlled(race, levels)
    assert one.attribute.name == "race | site = 1"
    assert one.codes.tolist() == [0, OUTSIDE, OUTSIDE, OUTSIDE]
    assert two.codes.tolist() == [OUTSIDE, 1, OUTSIDE, -1]
    assert race.primary
    assert not any(g.primary for g in (sensitive, one, two))


def test_a_control_of_many_levels_is_cut_into_thirds() -> None:
    levels = strata("md", np.arange(90.0), None)
    np.testing.assert_array_equal(np.bincount(levels.codes), [30, 30, 30])
