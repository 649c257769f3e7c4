"""What classes of masks and unions may be, and how their scores are called."""

import pytest

from fairness.mask_names import NAMES, metric_of, names_of, scores_in, structures_in
from fairness.structures import EYE, structures_of

CHEST = ("background", "left_lung", "right-lung", "Herz")


def test_the_parts_are_classes_and_unions() -> None:
    found = structures_of(CHEST, {"lungs": ("left_lung", "right-lung")})
    assert found.parts == {"left_lung": (1,), "right-lung": (2,), "Herz": (3,), "lungs": (1, 2)}
    assert not found.is_eye
    assert structures_of(("outside", "a")).parts == {"a": (1,)}


def test_rim_and_cup_have_a_disc_unless_it_is_said_otherwise() -> None:
    assert structures_of(("background", "rim", "cup")) == EYE
    assert EYE.parts == {"rim": (1,), "cup": (2,), "disc": (1, 2)}
    assert "disc" not in structures_of(("background", "rim", "cup"), {}).parts
    assert names_of(EYE) == NAMES
    metrics = ("dice", "iou", "missed", "invented", "hd95", "asd", "nsd")
    of_each = [f"{part}_{metric}" for part in ("rim", "cup", "disc") for metric in metrics]
    assert (*of_each, "area_cdr_error", "vertical_cdr_error") == NAMES


@pytest.mark.parametrize(
    ("classes", "unions", "message"),
    [
        (("background",), {}, "0 structures"),
        (("background", *(f"s{i}" for i in range(33))), {}, "33 structures"),
        (("a", "background"), {}, "not the first"),
        (("background", "a", "a"), {}, "'a' is there twice"),
        (("background", "a", "b"), {"a": ("a", "b")}, "'a' is there twice"),
        (("background", "mean"), {}, "'mean' cannot be part"),
        (("background", "es_a"), {}, "'es_a' cannot be part"),
        (("background", "left lung"), {}, "'left lung' cannot be part"),
        (("background", "a\n"), {}, "cannot be part"),
        (("background", "-a"), {}, "'-a' cannot be part"),
        (("background", "_a_"), {}, "'_a_' cannot be part"),
        (("background", "a" * 41), {}, "up to 40"),
        (("background", "a", "b"), {"c": ("a", "a")}, "'c' is a union of a, a"),
        (("background", "a", "b"), {"c": ()}, "'c' is a union of nothing"),
        (("background", "a", "b"), {"c": ("a", "x")}, "name two or more of a, b"),
    ],
)
def test_what_cannot_be_structures_is_said(
    classes: tuple[str, ...], unions: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        structures_of(classes, unions)


def test_names_are_taken_apart_as_they_were_put_together() -> None:
    structures = structures_of(CHEST, {"lungs": ("left_lung", "right-lung")})
    for mm in (False, True):
        names = names_of(structures, mm=mm)
        for name in names[:-1]:
            structure, metric = metric_of(name)
            assert structure in structures.parts
            assert name == f"{structure}_{metric}"
            assert metric.endswith("_mm") == (mm and metric[:3] in ("hd9", "asd", "nsd"))
        assert structures_in(names) == tuple(structures.parts)
        assert scores_in(["x", *names, "es_lungs_dice"]) == names
    assert metric_of("mean_dice") == ("", "mean_dice")
    assert names_of(structures)[-1] == "mean_dice"
    assert "mean_dice" not in names_of(structures_of(("background", "lung")))


def test_scores_of_an_eye_come_in_one_order_whatever_the_file_s() -> None:
    assert scores_in(sorted(NAMES)) == NAMES
    assert scores_in(["lung_hd95", "score"]) == ()
    assert scores_in(["<b>_dice", "a|b_dice", "_a_dice", "a\x1b_dice", "_dice"]) == ()
