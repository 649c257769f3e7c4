"""Scores of cases, such as Dice: Student's interval, tails, undefined cases, gaps."""

from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.case_scores import CaseScore, CaseScores
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=300)
GROUPS = Attribute("site", ("A", "B"))


def dice(n: int = 80, seed: int = 0) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(seed)
    codes = np.repeat([0, 1], n // 2)
    return np.clip(rng.normal(0.8 - 0.1 * codes, 0.15), 0, 1), codes


def analysed(
    values: FloatArray, codes: IntArray, patients: IntArray | None = None, **options: Any
) -> Any:
    measures = CaseScores((CaseScore("dice", values, **{"tail": 0.5, **options}),))
    patients = np.arange(len(values)) if patients is None else patients
    return analyse(measures, patients, [plain(GROUPS, codes)], SETTINGS)


def row(analysis: Any, group: str, metric: str) -> Any:
    (found,) = [
        e for e in analysis.estimates if (e.attribute, e.group, e.metric) == ("site", group, metric)
    ]
    return found


def test_mean_has_students_interval_and_the_tail_wilsons() -> None:
    values, codes = dice()
    a = values[codes == 0]
    analysis = analysed(values, codes)
    mean, tail = row(analysis, "A", "dice"), row(analysis, "A", "dice_tail")
    expected = stats.t.interval(0.95, len(a) - 1, a.mean(), stats.sem(a))
    assert mean.value == pytest.approx(a.mean(), abs=1e-12)
    assert (mean.low, mean.high) == pytest.approx(expected, abs=1e-12)
    assert (mean.method, mean.n, mean.n_positive) == ("student", 40, None)
    failed = int((a < 0.5).sum())
    assert (tail.low, tail.high) == pytest.approx(proportion_confint(failed, 40, method="wilson"))


def test_cases_without_a_score_are_left_out() -> None:
    values, codes = dice()
    with_gaps = np.append(values, [np.nan, np.nan])
    analysis = analysed(with_gaps, np.append(codes, [0, 1]))
    assert row(analysis, "A", "dice").value == pytest.approx(values[codes == 0].mean(), abs=1e-12)
    nothing = analysed(np.where(codes == 1, np.nan, values), codes)
    assert row(nothing, "B", "dice").value is None
    assert row(nothing, "B", "dice").reason == "no case with a score"
    assert row(nothing, "all", "es_dice").reason == (
        "fewer than two groups to compare; without B (no case with a score)"
    )


def test_patients_with_several_cases_widen_the_interval() -> None:
    values, codes = dice()
    patients = np.arange(len(values))
    repeated = analysed(np.repeat(values, 3), np.repeat(codes, 3), np.repeat(patients, 3))
    once, thrice = row(analysed(values, codes), "A", "dice"), row(repeated, "A", "dice")
    assert thrice.value == pytest.approx(once.value)
    assert thrice.method == "student of patients"
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low)


def test_gap_is_tested_and_the_worst_side_depends_on_the_score() -> None:
    values, codes = dice(200)
    analysis = analysed(values, codes)
    (pair,) = [c for c in analysis.contrasts if c.metric == "dice"]
    welch = stats.ttest_ind(values[codes == 0], values[codes == 1], equal_var=False)
    assert np.log(pair.p) == pytest.approx(np.log(welch.pvalue), rel=0.1)
    assert pair.low <= values[codes == 0].mean() - values[codes == 1].mean() <= pair.high
    (largest,) = [c for c in analysis.contrasts if c.metric == "dice_difference"]
    assert (largest.group_a, largest.group_b) == ("A", "B")
    assert largest.p <= 0.05
    assert row(analysis, "all", "dice_worst").value == pytest.approx(values[codes == 1].mean())
    distances = analysed(100 * values, codes, larger_is_better=False, span=(0, np.inf))
    assert row(distances, "all", "dice_worst").value == pytest.approx(
        100 * values[codes == 0].mean()
    )
    assert not [e for e in distances.estimates if e.metric == "es_dice"]


def test_a_score_of_zeros_and_ones_is_a_share_without_a_tail() -> None:
    values, codes = dice()
    missed = (values < 0.6).astype(float)
    missed[:3] = np.nan
    analysis = analysed(missed, codes, kind="share", tail=None, larger_is_better=False)
    share, count = row(analysis, "A", "dice"), int(np.nansum(missed[codes == 0]))
    assert (share.value, share.method) == (pytest.approx(count / 37), "wilson")
    assert (share.low, share.high) == pytest.approx(proportion_confint(count, 37, method="wilson"))
    assert not [e for e in analysis.estimates if e.metric in ("dice_tail", "es_dice")]


def test_replicates_of_chosen_metrics_are_weighted_means() -> None:
    values, _ = dice()
    values[::7] = np.nan
    measures = CaseScores((CaseScore("dice", values, tail=0.5), CaseScore("iou", values / 2)))
    weights = np.random.default_rng(0).integers(0, 3, (60, 5)).astype(np.float32)
    found = measures.replicator(np.arange(60), frozenset({"iou"}))(weights)
    assert list(found) == ["iou"]
    known = np.isfinite(values[:60])
    expected = np.average(values[:60, None][known] * np.ones(5) / 2, 0, weights[known])
    np.testing.assert_allclose(found["iou"], expected, rtol=1e-6)
