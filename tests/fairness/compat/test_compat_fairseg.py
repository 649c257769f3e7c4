"""The original FairSeg evaluation: golden numbers, its rule for empty masks, what must not show."""

from typing import Any

import numpy as np
import pytest
from golden_masks import CASES, COHORT, cohort, masks

from fairness.arrays import IntArray
from fairness.attributes import MARITAL_STATUS, RACE, Attribute
from fairness.compat.fairseg import compat_fairseg, original_scores
from fairness.mask_scores import score_masks


def found(codes: IntArray, attribute: Attribute = RACE, least: int = 0) -> dict[Any, Any]:
    columns = score_masks(*cohort()[:2])
    numbers = compat_fairseg(
        columns, (MARITAL_STATUS, attribute), {attribute.name: codes}, np.arange(8), least
    )
    return {(c.attribute, c.group, c.metric): c for c in numbers}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_cases_under_the_originals_rule(case: dict[str, Any]) -> None:
    scores = original_scores(score_masks(*masks([case])))
    for structure in ("rim", "cup"):
        for metric in ("dice", "iou", "hd95"):
            expected = case["reference"][structure][metric]
            assert scores[f"{structure}_{metric}"] == pytest.approx([expected], abs=1e-6)


def test_golden_cohort() -> None:
    numbers = found(cohort()[2])
    for structure in ("rim", "cup"):
        for metric in ("dice", "iou"):
            expected, name = COHORT["expected"][structure][metric], f"{structure}_{metric}"
            overall = numbers["overall", "all", name].original
            assert overall == pytest.approx(expected["overall"], abs=1e-6)
            scaled = numbers["race", "all", f"es_{name}"].original
            assert scaled == pytest.approx(expected["es"], abs=1e-6)
            groups = [numbers["race", group, name].original for group in RACE.groups]
            assert groups == pytest.approx(expected["group_means"], abs=1e-6)
    by_deviation = numbers["race", "all", "es_std_rim_dice"].original
    assert by_deviation == pytest.approx(0.629028, abs=1e-6)
    hd95 = [numbers["overall", "all", f"{s}_hd95"].original for s in ("rim", "cup")]
    assert np.mean(hd95) == pytest.approx(COHORT["expected"]["mean_hd95_over_rim_cup"], abs=1e-6)
    assert {attribute for attribute, _, _ in numbers} == {"overall", "race"}


def test_an_empty_group_spoils_the_equity_scaled_number() -> None:
    numbers = found(np.array([0, 0, 0, 0, 2, 2, 2, -1]))
    assert numbers["race", "Black", "rim_dice"].original is None
    assert numbers["race", "all", "es_rim_dice"].original is None
    assert numbers["race", "White", "rim_dice"].original == pytest.approx(0.8245614035)


def test_small_groups_are_hidden() -> None:
    numbers = found(np.array([0, 0, 0, 0, 1, 2, 2, 2]), least=2)
    hidden = {(attribute, group) for (attribute, group, _), c in numbers.items() if c.hidden}
    assert ("race", "Black") in hidden
    assert ("race", "all") in hidden
    assert ("overall", "all") not in hidden
    assert all(c.original is None for c in numbers.values() if c.hidden)


def test_works_without_distances() -> None:
    scores = original_scores(score_masks(*cohort()[:2], surface=False))
    assert list(scores) == ["rim_dice", "rim_iou", "cup_dice", "cup_iou"]
