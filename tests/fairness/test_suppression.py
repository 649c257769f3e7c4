"""Small groups: what no reader may find, and what must not be hidden."""

import numpy as np
import pytest
from attacker import FEW, FEW_OF_A_CLASS, WITHHELD, Attacker, Printed, random_people

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.disclosure.sizes import Sizes
from fairness.groups import Grouping, intersection, plain
from fairness.suppression import protected

LEAST = 11
ROOM = 5  # whole numbers that must remain


def sizes(n: int, target: IntArray | None = None, least: int = LEAST) -> Sizes:
    return Sizes(np.arange(n), target, least, least)


def by_name(groupings: list[Grouping]) -> dict[str, Grouping]:
    return {grouping.attribute.name: grouping for grouping in groupings}


def printed_rows(groupings: list[Grouping], attacker: Attacker) -> list[Printed]:
    """What a report of these groupings prints of counts."""
    rows = []
    for grouping in groupings:
        for name in (*grouping.attribute.groups, "unknown", "all"):
            n, positive = attacker.count(grouping.attribute.name, name)
            why = grouping.reasons.get(name)
            shown = why is None or (name == "unknown" and why in (FEW, FEW_OF_A_CLASS))
            told = (n, positive) if shown else (None, None)
            rows.append(Printed(grouping.attribute.name, name, told[0], told[1], why))
    return rows


def narrowest(n: int, seed: int, prevalence: float, unknown: float, classes: bool) -> list[int]:
    """Fewest whole numbers that an attacker leaves to each small group of a random table."""
    plain_ones, stratum, labels = random_people(n, seed, prevalence, unknown)
    race, gender, age = plain_ones
    crossed = [intersection(pair) for pair in ([race, gender], [race, age], [gender, age])]
    target = labels if classes else None
    found = protected([*plain_ones, *crossed], stratum, sizes(n, target))
    attacker = Attacker([*plain_ones, stratum], target, LEAST)
    ranges = attacker.ranges(printed_rows(found, attacker))
    return [min(counts) for counts in ranges.values()]


TABLES = [
    # People, prevalence, share of unknown values, and whether there are classes.
    (300, 0.5, 0.02, True),
    (600, 0.5, 0.02, False),
]
LARGE_TABLES = [(3000, 0.05, 0.0, True), (10_000, 0.2, 0.01, True)]
MORE_TABLES = [
    *TABLES,
    *LARGE_TABLES,
    (100, 0.3, 0.1, True),
    (300, 0.05, 0.0, True),
    (1000, 0.2, 0.1, True),
]


@pytest.mark.parametrize(
    ("n", "prevalence", "unknown", "classes"),
    [*TABLES, *(pytest.param(*table, marks=pytest.mark.further) for table in LARGE_TABLES)],
)
def test_no_small_group_can_be_confined(
    n: int, prevalence: float, unknown: float, classes: bool
) -> None:
    found = narrowest(n, 1, prevalence, unknown, classes)
    assert found
    assert min(found) >= ROOM


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 14))
def test_no_small_group_can_be_confined_in_many_tables(seed: int) -> None:
    for n, prevalence, unknown, classes in MORE_TABLES:
        assert min(narrowest(n, seed, prevalence, unknown, classes), default=ROOM) >= ROOM


def test_three_crossed_attributes_leave_room_too() -> None:
    plain_ones, _, target = random_people(2000, 3, 0.3, 0.01)
    race, gender, age = plain_ones
    groupings = [*plain_ones, intersection([race, gender]), intersection([race, gender, age])]
    found = protected(groupings, None, sizes(2000, target))
    attacker = Attacker(plain_ones, target, LEAST)
    ranges = attacker.ranges(printed_rows(found, attacker))
    assert len(ranges) > 5
    assert min(min(counts) for counts in ranges.values()) >= ROOM


def test_who_knows_that_everybody_has_two_images_finds_no_more() -> None:
    plain_ones, stratum, target = random_people(800, 4, 0.4, 0.0)
    twice = [plain(g.attribute, np.tile(g.codes, 2)) for g in plain_ones]
    control = plain(stratum.attribute, np.tile(stratum.codes, 2))
    patients, labels = np.tile(np.arange(800), 2), np.tile(target, 2)
    limits = Sizes(patients, labels, LEAST, LEAST)
    found = protected([*twice, intersection(twice[:2])], control, limits)
    attacker = Attacker([*plain_ones, stratum], target, LEAST)  # counts people: half the images
    ranges = attacker.ranges(printed_rows(found, attacker))
    assert len(ranges) > 5
    assert min(min(counts) for counts in ranges.values()) >= ROOM


def test_the_attacker_finds_what_one_subtraction_finds() -> None:
    codes = np.repeat([0, 1, 2], [100, 90, 4])
    race = plain(Attribute("race", ("A", "B", "C")), codes)
    attacker = Attacker([race], None, LEAST)
    rows = [Printed("race", g, n, 0, None) for g, n in (("A", 100), ("B", 90), ("all", 194))]
    few = Printed("race", "C", None, None, FEW)
    assert attacker.ranges([*rows, few]) == {("race", "C"): [1]}
    withheld = Printed("race", "B", None, None, WITHHELD)
    assert attacker.ranges([rows[0], withheld, rows[2], few]) == {("race", "C"): [10]}


def test_large_groups_are_all_shown() -> None:
    race = plain(Attribute("race", ("A", "B", "C")), np.repeat([0, 1, -1], [40, 70, 30]))
    target = np.tile([0, 1], 70)
    (found, with_unknown) = protected([race], None, sizes(140, target))
    assert found.hidden == found.withheld == with_unknown.hidden == frozenset()
    assert found.reasons == {}
    (all_shown,) = protected(
        [plain(race.attribute, np.repeat([0, 1], [3, 4]))], None, sizes(7, None, 0)
    )
    assert all_shown.hidden == frozenset()


def test_of_a_thousand_or_more_only_the_counts_are_withheld() -> None:
    codes = np.repeat([0, 1, 2], [1500, 1500, 10])
    target = np.tile([0, 1], 1505)
    (site,) = protected(
        [plain(Attribute("site", ("A", "B", "H")), codes)], None, sizes(3010, target)
    )
    assert site.hidden == frozenset({"H"})
    assert site.withheld in (frozenset({"A"}), frozenset({"B"}))
    assert sorted(site.reasons.values()) == [FEW, WITHHELD]


def test_few_positives_and_few_negatives_hide_a_group() -> None:
    codes = np.repeat([0, 1, 2, 3], [100, 100, 100, 100])
    target = np.concatenate([np.arange(100) < k for k in (4, 95, 0, 50)]).astype(np.int64)
    groups = plain(Attribute("race", ("few", "many", "none", "half")), codes)
    (found,) = protected([groups], None, sizes(400, target))
    assert {found.reasons["few"], found.reasons["many"]} == {FEW_OF_A_CLASS}
    assert {"few", "many"} <= (found.hidden or frozenset())
    off = Sizes(np.arange(400), target, LEAST, 0)
    assert protected([groups], None, off)[0].reasons == {}


def test_strata_of_a_control_cannot_be_subtracted_from_the_attribute() -> None:
    # 5 of the 40 of group A are in the second stratum: shown in the first, they would follow.
    race = plain(Attribute("race", ("A", "B")), np.repeat([0, 1], [40, 100]))
    levels = plain(Attribute("site", ("= 1", "= 2")), np.repeat([0, 1, 0, 1], [35, 5, 50, 50]))
    found = by_name(protected([race], levels, sizes(140)))
    assert found["race"].hidden == frozenset()
    assert found["race | site = 2"].reasons["A"] == FEW
    assert found["race | site = 1"].reasons["A"] == WITHHELD
    assert not found["race | site = 1"].primary


def test_a_small_stratum_is_hidden_as_a_whole() -> None:
    race = plain(Attribute("race", ("A", "B")), np.tile([0, 1], 50))
    levels = plain(Attribute("site", ("= 1", "= 2")), np.repeat([0, 1], [94, 6]))
    found = by_name(protected([race], levels, sizes(100)))
    assert {"A", "B", "all"} <= (found["race | site = 2"].hidden or frozenset())


def test_people_count_and_not_their_images() -> None:
    # 6 patients with ten images each: few, and five numbers of them need 49 images of room.
    race = plain(Attribute("race", ("A", "B", "C")), np.repeat([0, 1, 2], [60, 60, 500]))
    patients = np.concatenate([np.arange(60) // 10, 100 + np.arange(60), 200 + np.arange(500)])
    (found,) = protected([race], None, Sizes(patients, None, LEAST, LEAST))
    assert found.reasons["A"] == FEW
    assert len(found.reasons) > 1


def test_a_few_unknown_are_no_group_of_a_sensitivity_analysis() -> None:
    races = Attribute("race", ("A", "B"))
    (race,) = protected([plain(races, np.repeat([0, 1, -1], [40, 40, 3]))], None, sizes(83))
    assert race.hidden == frozenset({"unknown"})
    many = protected([plain(races, np.repeat([0, 1, -1], [40, 40, 20]))], None, sizes(100))
    assert list(by_name(many)) == ["race", "race (unknown as a group)"]


def test_nothing_is_told_where_no_room_can_be_had() -> None:
    # 10 and 10 of 20: "fewer than 11" of both would tell both.
    gender = plain(Attribute("gender", ("F", "M")), np.repeat([0, 1], [10, 10]))
    (found,) = protected([gender], None, sizes(20))
    assert found.hidden == frozenset({"F", "M", "all", "unknown"})
    assert len(set(found.reasons.values())) == 1
    assert set(found.reasons.values()).isdisjoint({FEW, WITHHELD})


def test_an_attribute_that_nobody_recorded_has_no_strata() -> None:
    race = plain(Attribute("race", ("A", "B")), np.tile([0, 1], 60))
    nowhere = plain(Attribute("language", ("X", "Y")), np.full(120, -1))
    site = plain(Attribute("site", ("1", "2", "3")), np.repeat([0, 1], 60))
    names = list(by_name(protected([race, nowhere, site], site, sizes(120))))
    assert names == ["race", "language", "site", "race | site 1", "race | site 2"]
