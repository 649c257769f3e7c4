"""The tables of the whole analysis against their definitions and other libraries."""

import dataclasses
import itertools
from typing import Any

import fairlearn.metrics as fl
import numpy as np
import pytest
from cohorts import SETTINGS, analysed, cohort, table
from scipy.stats import norm
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from fairness.attributes import GENDER, RACE, UNKNOWN, Attribute
from fairness.groups import OUTSIDE, intersection, plain, with_unknown
from fairness.metrics import classification as c
from fairness.metrics import disparity as d
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, SUMMARIES, BinaryScores
from fairness.statistics.settings import tier


def test_every_metric_of_every_group_is_there_once_with_n() -> None:
    y, score, codes, _ = cohort()
    analysis = analysed(y, score, codes)
    found = [(e.attribute, e.group, e.metric) for e in analysis.estimates]
    names, across = [m.name for m in METRICS], [s.name for s in SUMMARIES]
    expected = [("overall", "all", name) for name in names]
    for group in (*RACE.groups, "unknown", "all"):
        expected += [("race", group, name) for name in names]
    assert found == expected + [("race", "all", name) for name in across]
    rows = table(analysis)
    for code, group in enumerate((*RACE.groups, "unknown")):
        inside = codes == (code if group != "unknown" else UNKNOWN)
        row = rows[group, "auc"]
        assert (row.n, row.n_positive) == (inside.sum(), y[inside].sum())
    assert rows["all", "es_auc"].n == (codes >= 0).sum()
    assert analysis.families[0] == "pairs of race: 3 pairs in each of 14 numbers, jointly"
    assert "auc_difference" in analysis.families[1]
    assert analysis.families[1].endswith("each over race (Holm)")


def test_estimates_and_closed_intervals_equal_their_definitions() -> None:
    y, score, codes, _ = cohort()
    rows = table(analysed(y, score, codes))
    predicted = (score >= 0.5).astype(int)
    for code, group in enumerate(RACE.groups):
        inside = codes == code
        for name, share in c.SHARES.items():
            row, value = rows[group, name], share(y[inside], predicted[inside])
            assert row.value == pytest.approx(value, abs=1e-12)
            assert row.method == "wilson"
        hits = int((y[inside] & predicted[inside]).sum())
        expected = proportion_confint(hits, int(y[inside].sum()), method="wilson")
        row = rows[group, "true_positive_rate"]
        assert (row.low, row.high) == pytest.approx(expected, abs=1e-12)
        assert rows[group, "auc"].value == pytest.approx(c.auc(y[inside], score[inside]), abs=1e-12)
        assert rows[group, "auc"].method == "delong-score"


def test_numbers_of_all_groups_equal_fairlearn_and_their_definitions() -> None:
    y, score, codes, _ = cohort()
    rows, known = table(analysed(y, score, codes)), codes >= 0
    predicted = (score >= 0.5).astype(int)
    for name in (
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "equal_opportunity_difference",
        "equalized_odds_difference",
    ):
        expected = getattr(fl, name)(y[known], predicted[known], sensitive_features=codes[known])
        assert rows["all", name].value == pytest.approx(expected, abs=1e-12)
    aucs = d.by_group(c.auc, codes, 3, y, score)
    expected = {
        "es_auc": d.equity_scaled(c.auc(y[known], score[known]), aucs),
        "auc_difference": np.ptp(aucs),
        "auc_std": aucs.std(),
        "auc_worst": aucs.min(),
    }
    for name, value in expected.items():
        row = rows["all", name]
        assert row.value == pytest.approx(value, abs=1e-12)
        assert row.low <= row.value <= row.high
        assert row.method == "simultaneous"


def test_pairs_have_movers_interval_and_the_p_that_inverts_it() -> None:
    y, score, codes, _ = cohort()
    predicted = (score >= 0.5).astype(int)
    analysis = analysed(y, score, codes)
    rows = table(analysis)
    pairs = {(k.metric, k.group_a, k.group_b): k for k in analysis.contrasts}
    for a, b in itertools.combinations(RACE.groups, 2):
        pair = pairs["auc", a, b]
        one, two = rows[a, "auc"], rows[b, "auc"]
        assert pair.value == pytest.approx(one.value - two.value, abs=1e-12)
        below = np.hypot(one.value - one.low, two.high - two.value)
        above = np.hypot(one.high - one.value, two.value - two.low)
        assert pair.low == pytest.approx(pair.value - below)
        assert pair.high == pytest.approx(pair.value + above)
    sums, sizes = ([part[(codes == g) & (y == 1)].sum() for g in (0, 1)] for part in (predicted, y))
    tpr = pairs["true_positive_rate", RACE.groups[0], RACE.groups[1]]
    expected = confint_proportions_2indep(sums[0], sizes[0], sums[1], sizes[1], method="newcomb")
    assert (tpr.low, tpr.high) == pytest.approx(expected, abs=1e-9)
    assert tpr.p == pytest.approx(proportions_ztest(sums, sizes)[1], abs=0.02)


def test_at_the_level_of_its_p_an_interval_just_touches_0() -> None:
    y, score, codes, _ = cohort()
    pairs = [k for k in analysed(y, score, codes).contrasts if k.p is not None and k.p < 0.5]
    found = [k for k in pairs if not k.metric.endswith("_difference")][::3]
    assert {"auc", "true_positive_rate", "calibration_slope"} & {k.metric for k in found}
    for pair in found:
        level = dataclasses.replace(SETTINGS, confidence=1 - pair.p)
        names = (pair.metric, pair.group_a, pair.group_b)
        again: dict[Any, Any] = {
            (k.metric, k.group_a, k.group_b): k
            for k in analysed(y, score, codes, settings=level).contrasts
        }
        assert min(abs(again[names].low), abs(again[names].high)) < 1e-6


def test_the_largest_gap_names_its_groups_and_agrees_with_the_pairs() -> None:
    y, score, codes, _ = cohort()
    analysis = analysed(y, score, codes)
    (largest,) = [k for k in analysis.contrasts if k.metric == "auc_difference"]
    pairs = [k for k in analysis.contrasts if k.metric == "auc"]
    aucs = d.by_group(c.auc, codes, 3, y, score)
    assert largest.group_a == RACE.groups[int(aucs.argmax())]
    assert largest.group_b == RACE.groups[int(aucs.argmin())]
    furthest = max(max(k.high_adjusted, -k.low_adjusted) for k in pairs)
    assert largest.high == pytest.approx(furthest)
    no_gap = all(k.low_adjusted <= 0 <= k.high_adjusted for k in pairs)
    assert (largest.low == 0) == no_gap
    assert largest.p == pytest.approx(min(k.p_adjusted for k in pairs))


def test_groups_of_one_class_are_left_out_and_named() -> None:
    y, score, codes, _ = cohort()
    y = np.where(codes == 0, 0, y)
    rows = table(analysed(y, score, codes))
    assert rows["Asian", "auc"].value is None
    assert rows["Asian", "auc"].reason == "only one class"
    assert rows["Asian", "true_positive_rate"].reason == "no positive case"
    assert rows["Asian", "false_positive_rate"].value is not None
    es = rows["all", "es_auc"]
    assert es.value is not None
    assert es.reason == "without Asian (only one class)"


def test_small_groups_are_shown_without_tests_and_tiny_ones_not_compared() -> None:
    rng = np.random.default_rng(4)
    codes = np.repeat([0, 1, 2], [8, 30, 200])
    y = rng.permutation(len(codes)) % 2
    y[codes == 0] = np.arange(8) < 4
    y[codes == 1] = np.arange(30) < 8
    score = norm.cdf(y - 0.5 + rng.normal(size=len(y)))
    analysis = analysed(y, score, codes)
    groups = {(k.group_a, k.group_b) for k in analysis.contrasts if k.metric == "auc"}
    assert groups == set()  # hiding 8 of 8, 30, 200 hides the 30 as well
    settings = dataclasses.replace(SETTINGS, suppress_below=0)
    shown = analysed(y, score, codes, settings=settings)
    pairs = [k for k in shown.contrasts if k.metric == "auc"]
    assert len(pairs) == 3
    assert all(k.p is None and k.low is not None and k.mde > 0 for k in pairs)
    rows = table(shown)
    assert rows["Black", "auc"].reason == "too small to infer from"
    assert rows["White", "auc"].reason is None
    assert "Black: too small to infer from" in rows["all", "es_auc"].reason
    gaps = [k for k in shown.contrasts if k.metric == "auc_difference"]
    assert [k.p for k in gaps] == [None]  # the gap is of groups that are not tested
    assert tier(10, 5, SETTINGS) == "suppressed"
    assert tier(30, 8, SETTINGS) == "descriptive"
    assert tier(20, 10, SETTINGS) == "inferential"
    assert tier(12, 12, SETTINGS) == "inferential"


def test_many_images_of_few_people_are_too_little_to_infer_from() -> None:
    y, codes = np.tile([0, 1], 120), np.repeat([0, 1], 120)
    score, eight = np.random.default_rng(0).random(240), np.repeat(np.arange(16), 15)
    people = Attribute("race", ("A", "B"))
    rows = table(
        analysed(y, score, codes, eight, people, dataclasses.replace(SETTINGS, suppress_below=0))
    )
    assert rows["A", "auc"].reason == "too small to infer from"
    assert table(analysed(y, score, codes, attribute=people))["A", "auc"].reason is None


def test_unknown_intersections_and_strata() -> None:
    y, score, codes, patients = cohort()
    gender = np.random.default_rng(6).integers(0, 2, len(y))
    race, both = plain(RACE, codes), plain(GENDER, gender)
    outside = plain(RACE, np.where(gender == 0, codes, OUTSIDE))
    groupings = [race, with_unknown(race), intersection([race, both]), outside]
    outside = dataclasses.replace(outside, attribute=Attribute("race | Female", RACE.groups))
    groupings[-1] = outside
    analysis = analyse(BinaryScores(y, score, 0.5), patients, groupings, SETTINGS)
    counted = {(e.attribute, e.group): e.n for e in analysis.estimates if e.metric == "auc"}
    assert counted["race", "unknown"] == (codes < 0).sum()
    assert counted["race (unknown as a group)", "all"] == len(y)
    assert counted["race*gender", "Black * Male"] == ((codes == 1) & (gender == 1)).sum()
    assert counted["race | Female", "all"] == ((codes >= 0) & (gender == 0)).sum()
    assert counted["race | Female", "unknown"] == ((codes < 0) & (gender == 0)).sum()
    (over,) = [line for line in analysis.families if line.startswith("auc_difference")]
    assert "each over race, race*gender" in over
    assert "unknown as a group" not in over


def test_an_attribute_known_for_nobody_is_reported_as_such() -> None:
    y, score, _, _ = cohort(50)
    rows = table(analysed(y, score, np.full(50, UNKNOWN)))
    assert rows["unknown", "auc"].n == 50
    assert rows["all", "auc"].reason == "no case"
    assert rows["all", "es_auc"].value is None


def test_confidence_and_method_follow_the_settings() -> None:
    y, score, codes, _ = cohort()
    wide = table(analysed(y, score, codes, settings=dataclasses.replace(SETTINGS, confidence=0.99)))
    usual = table(analysed(y, score, codes))
    for name in ("auc", "accuracy", "es_auc", "equalized_odds_difference", "brier_score"):
        assert wide["all", name].low < usual["all", name].low or usual["all", name].low == 0
        assert wide["all", name].high > usual["all", name].high
    logit = table(
        analysed(y, score, codes, settings=dataclasses.replace(SETTINGS, auc_interval="logit"))
    )
    assert logit["Black", "auc"].method == "delong-logit"
    assert logit["Black", "auc"].value == usual["Black", "auc"].value
