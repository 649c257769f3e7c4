"""Scores of masks: golden values, empty masks, invariances, and the whole way to the analysis."""

from typing import Any

import numpy as np
import pytest
from golden_masks import CASES, COHORT, GOLDEN, cohort, masks

from fairness.attributes import RACE
from fairness.errors import DataError
from fairness.groups import plain
from fairness.mask_names import NAMES
from fairness.mask_scores import empty_counts, mask_measures, score_masks
from fairness.metrics.disparity import equity_scaled
from fairness.metrics.segmentation import surface_distances
from fairness.statistics.analyse import analyse
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=200, suppress_below=0)
IN_BOTH = [  # where one mask lacks the structure the reference's rule is another, see compat
    (case, code, structure)
    for case in CASES
    for code, structure in ((1, "rim"), (2, "cup"))
    if all((mask == code).any() for mask in masks([case]))
]


@pytest.mark.parametrize(
    ("case", "code", "structure"), IN_BOTH, ids=[f"{case['name']}-{s}" for case, _, s in IN_BOTH]
)
def test_golden_scores_of_a_structure(case: dict[str, Any], code: int, structure: str) -> None:
    prediction, reference = masks([case])
    found, expected = score_masks(prediction, reference), case["reference"][structure]
    for metric in ("dice", "iou", "hd95"):
        assert found[f"{structure}_{metric}"][0] == pytest.approx(expected[metric], abs=1e-6)
    directed = surface_distances(prediction[0] == code, reference[0] == code)[0].mean()
    assert directed == pytest.approx(expected["asd_pred_to_gt"], abs=1e-6)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_cases(case: dict[str, Any]) -> None:
    prediction, reference = masks([case])
    found = {name: values[0] for name, values in score_masks(prediction, reference).items()}
    assert tuple(found) == NAMES
    assert found["disc_dice"] == pytest.approx(case["disc_extra"]["dice"], abs=1e-6)
    assert found["disc_iou"] == pytest.approx(case["disc_extra"]["iou"], abs=1e-6)
    ratio = np.nan if case["area_cdr_distance"] is None else case["area_cdr_distance"]
    assert found["area_cdr_error"] == pytest.approx(ratio, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [  # dice, iou, hd95, asd, nsd, missed, invented of the cup
        ("no_cup_both", (1, 1, 0, 0, 1, np.nan, 0)),
        ("no_cup_gt", (0, 0, np.nan, np.nan, 0, np.nan, 1)),
        ("no_cup_pred", (0, 0, np.nan, np.nan, 0, 1, np.nan)),
    ],
)
def test_empty_masks(name: str, expected: tuple[float, ...]) -> None:
    (case,) = [case for case in CASES if case["name"] == name]
    found = score_masks(*masks([case]))
    metrics = ("dice", "iou", "hd95", "asd", "nsd", "missed", "invented")
    np.testing.assert_array_equal([found[f"cup_{metric}"][0] for metric in metrics], expected)
    assert found["disc_missed"][0] == 0


def test_scores_do_not_depend_on_place_order_or_batch() -> None:
    prediction, reference, _ = cohort()
    whole = score_masks(prediction, reference)
    turned = [np.ascontiguousarray(m[:, ::-1, ::-1]) for m in (prediction, reference)]
    moved = [np.pad(m, ((0, 0), (7, 3), (0, 11))) for m in (prediction, reference)]
    for changed in (turned, moved):
        for name, values in score_masks(*changed).items():
            np.testing.assert_allclose(values, whole[name], atol=1e-12, err_msg=name)
    for case in range(len(prediction)):
        alone = score_masks(prediction[case : case + 1], reference[case : case + 1])
        for name, values in alone.items():
            np.testing.assert_array_equal(values, whole[name][case : case + 1])


def test_exchanging_the_masks_changes_only_what_is_missed_or_invented() -> None:
    prediction, reference = masks(CASES)
    one, other = score_masks(prediction, reference), score_masks(reference, prediction)
    for name in NAMES:
        if not name.endswith(("missed", "invented")):
            np.testing.assert_allclose(one[name], other[name], atol=1e-12, err_msg=name)
    kinds = ("missed", "invented", "absent")
    times = [[empty_counts(way)[f"cup_{kind}"] for kind in kinds] for way in (one, other)]
    assert times == [[2, 1, 1], [1, 2, 1]]


def test_without_surfaces_the_other_scores_are_the_same() -> None:
    prediction, reference, _ = cohort()
    whole = score_masks(prediction, reference)
    part = score_masks(prediction, reference, surface=False)
    assert [name for name in NAMES if name not in part] == [
        f"{s}_{m}" for s in ("rim", "cup", "disc") for m in ("hd95", "asd", "nsd")
    ]
    for name, values in part.items():
        np.testing.assert_array_equal(values, whole[name])


def test_what_are_no_masks_is_refused() -> None:
    good = np.zeros((2, 4, 5), dtype=np.uint8)
    bad = good.copy()
    bad[1, 2, 2] = 255
    with pytest.raises(DataError, match="predicted mask 1 of the batch holds class 255"):
        score_masks(bad, good)
    with pytest.raises(DataError, match="reference mask 1 of the batch holds class 255"):
        score_masks(good, bad)
    whole: Any = good.astype(np.int64)
    for other in (good[:, :3], whole):
        with pytest.raises(DataError, match="both must be uint8"):
            score_masks(other, good)


def analysed() -> dict[tuple[str, str, str], Any]:
    prediction, reference, codes = cohort()
    measures = mask_measures(score_masks(prediction, reference))
    found = analyse(measures, np.arange(len(codes)), [plain(RACE, codes)], SETTINGS)
    return {(e.attribute, e.group, e.metric): e for e in found.estimates}


def test_golden_cohort_through_the_whole_analysis() -> None:
    found = analysed()
    for structure in ("rim", "cup"):
        for metric in ("dice", "iou"):
            expected, name = COHORT["expected"][structure][metric], f"{structure}_{metric}"
            of_all = {
                ("overall", "all", name): expected["overall"],
                ("race", "all", name): expected["overall_known_only"],
                ("race", "all", f"es_{name}"): expected["es_known_only"],
                ("race", "all", f"{name}_worst"): min(expected["group_means"]),
                ("race", "all", f"{name}_difference"): np.ptp(expected["group_means"]),
            }
            for key, value in of_all.items():
                assert found[key].value == pytest.approx(value, abs=1e-6), key
                assert found[key].low <= found[key].value <= found[key].high
            groups = [found["race", group, name].value for group in RACE.groups]
            assert groups == pytest.approx(expected["group_means"], abs=1e-6)
    assert found["race", "all", "es_rim_dice"].method == "simultaneous"


def test_tails_and_directions() -> None:
    found = analysed()
    assert found["overall", "all", "cup_dice_tail"].value == 2 / 8  # 0.4 and 0.1
    assert found["overall", "all", "cup_dice_tail"].method == "wilson"
    assert ("overall", "all", "cup_hd95_tail") not in found
    assert ("race", "all", "es_cup_hd95") not in found
    assert ("race", "all", "es_area_cdr_error") not in found
    groups = [found["race", group, "cup_hd95"] for group in RACE.groups]
    assert found["race", "all", "cup_hd95_worst"].value == max(g.value for g in groups)
    assert all(g.low >= 0 for g in groups)
    assert found["overall", "all", "cup_missed"].value == 0
    never = found["overall", "all", "cup_invented"]
    assert (never.value, never.reason) == (None, "no reference without cup")


def test_golden_equity_scaling_leaves_an_empty_group_out() -> None:
    for case in GOLDEN["es_from_means"]:
        groups = np.array([np.nan if g is None else g for g in case["groups"]])
        expected = case.get("es", case.get("recommended_es_skip_empty"))
        assert equity_scaled(case["overall"], groups) == pytest.approx(expected, abs=1e-9)
