"""What people see of a report on masks, by its structures."""

from fairness.mask_names import NAMES, names_of
from fairness.structures import Structures, structures_of
from fairness.tasks.mask_tables import mask_tables

EYE_GROUPS = [
    "rim Dice", "cup Dice", "disc Dice", "rim < 0.5", "cup < 0.5", "rim IoU", "cup IoU",
    "rim HD95", "cup HD95", "CDR error", "rim missed", "cup missed",
]  # fmt: skip
EYE_GAPS = [
    "ES rim Dice", "ES cup Dice", "ES disc Dice", "worst rim Dice", "worst cup Dice",
    "rim Dice gap", "cup Dice gap", "ES rim IoU", "ES cup IoU",
]  # fmt: skip


def numbered(n: int) -> Structures:
    return structures_of(("background", *(f"s{i}" for i in range(n))))


def test_the_tables_of_an_eye_are_those_of_fairseg() -> None:
    found = mask_tables(NAMES)
    assert (list(found.groups), list(found.gaps), found.brief) == (EYE_GROUPS, EYE_GAPS, 5)
    assert found.groups["cup < 0.5"] == "cup_dice_tail"
    assert found.gaps["rim Dice gap"] == "rim_dice_difference"


def test_names_of_gaps_are_no_structures() -> None:
    names = [*names_of(numbered(2)), "es_s0_dice", "es_mean_dice", "s0_dice_worst"]
    assert mask_tables(names) == mask_tables(names_of(numbered(2)))


def test_of_a_union_people_see_dice_alone() -> None:
    structures = structures_of(("background", "a", "b"), {"both": ("a", "b")})
    found = mask_tables(names_of(structures), ["both"])
    shown = {name for name in found.groups.values() if name.startswith("both")}
    assert shown == {"both_dice"}


def test_eight_structures_stay_readable() -> None:
    found = mask_tables(names_of(numbered(8)))
    assert list(found.groups) == ["mean Dice", *(f"s{i} Dice" for i in range(8))]
    assert len(found.gaps) == 3 + 2 * 8
    assert next(iter(found.gaps)) == "ES mean Dice"
    assert found.brief == 5
    long = structures_of(("background", *(f"a_long_name_{i}" for i in range(8))))
    assert mask_tables(names_of(long)).brief == 3


def test_one_structure_has_no_mean_and_says_its_unit() -> None:
    found = mask_tables(names_of(structures_of(("background", "lung")), mm=True))
    assert "mean Dice" not in found.groups
    assert found.groups["lung HD95 mm"] == "lung_hd95_mm"
