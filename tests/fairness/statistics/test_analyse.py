"""The whole analysis: oracles for its tables, and what must not change any number."""

import dataclasses
import itertools

import fairlearn.metrics as fl
import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from fairness.attributes import GENDER, LANGUAGE, RACE, UNKNOWN, Attribute
from fairness.groups import OUTSIDE, intersection, plain, with_unknown
from fairness.metrics import classification as c
from fairness.metrics import disparity as d
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, SHARES, SUMMARIES, BinaryScores
from fairness.statistics.delong import delong
from fairness.statistics.settings import Settings, tier

SETTINGS = Settings(replicates=300, permutations=200)


def cohort(n=400, seed=0, images=1):
    """Truth, score, race codes (some unknown), patients."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.choice([0, 1, 2, UNKNOWN], n, p=[0.2, 0.3, 0.4, 0.1]), images)
    y = rng.integers(0, 2, n * images)
    shared = np.repeat(rng.normal(size=n), images)
    score = norm.cdf(0.8 * (y - 0.5) + 0.7 * shared + 0.7 * rng.normal(size=n * images))
    return y, score, codes, np.repeat(np.arange(n), images)


def analysed(y, score, codes, patients=None, attribute=RACE, settings=SETTINGS):
    patients = np.arange(len(y)) if patients is None else patients
    return analyse(BinaryScores(y, score, 0.5), patients, [plain(attribute, codes)], settings)


def table(analysis, attribute="race"):
    return {(e.group, e.metric): e for e in analysis.estimates if e.attribute == attribute}


def numbers(analysis):
    """Every number of both tables under its name."""
    rows = {
        (e.attribute, e.group, e.metric): (e.value, e.low, e.high, e.n, e.n_positive, e.reason)
        for e in analysis.estimates
    }
    pairs = {
        (k.attribute, k.metric, k.group_a, k.group_b): dataclasses.astuple(k)[4:]
        for k in analysis.contrasts
    }
    return rows | pairs


def assert_same(one, other, tolerance=1e-9):
    assert one.keys() == other.keys()
    for name, expected in one.items():
        for a, b in zip(expected, other[name], strict=True):
            if isinstance(a, float):
                assert b == pytest.approx(a, abs=tolerance), name
            else:
                assert a == b, name


def test_every_metric_of_every_group_is_there_once_with_n():
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
    assert analysis.families["auc between groups of race"] == 3
    assert analysis.families["auc_difference over all attributes"] == 1


def test_estimates_and_closed_intervals_equal_their_definitions():
    y, score, codes, _ = cohort()
    rows = table(analysed(y, score, codes))
    predicted = (score >= 0.5).astype(int)
    for code, group in enumerate(RACE.groups):
        inside = codes == code
        for name in SHARES:
            row, value = rows[group, name], getattr(c, name)(y[inside], predicted[inside])
            assert row.value == pytest.approx(value, abs=1e-12)
            assert row.method == "wilson"
        hits = int((y[inside] & predicted[inside]).sum())
        expected = proportion_confint(hits, int(y[inside].sum()), method="wilson")
        row = rows[group, "true_positive_rate"]
        assert (row.low, row.high) == pytest.approx(expected, abs=1e-12)
        assert rows[group, "auc"].value == pytest.approx(c.auc(y[inside], score[inside]), abs=1e-12)
        assert rows[group, "auc"].method == "delong-score"


def test_numbers_of_all_groups_equal_fairlearn_and_their_definitions():
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
        assert row.method == "simultaneous bootstrap"


def test_pairwise_tests_are_delongs_and_the_pooled_one():
    y, score, codes, _ = cohort()
    predicted = (score >= 0.5).astype(int)
    pairs = {(k.metric, k.group_a, k.group_b): k for k in analysed(y, score, codes).contrasts}
    for a, b in itertools.combinations(range(3), 2):
        one, two = ((y[codes == g], score[codes == g]) for g in (a, b))
        (auc_a, var_a), (auc_b, var_b) = delong(*one), delong(*two)
        pair = pairs["auc", RACE.groups[a], RACE.groups[b]]
        assert pair.value == pytest.approx(auc_a - auc_b, abs=1e-12)
        z = abs(auc_a - auc_b) / np.sqrt(var_a + var_b)
        assert pair.p == pytest.approx(2 * norm.sf(z), abs=1e-12)
        assert pair.p <= pair.p_adjusted <= 1
        assert pair.low <= pair.value <= pair.high
        sums = [(predicted[codes == g] & y[codes == g]).sum() for g in (a, b)]
        sizes = [y[codes == g].sum() for g in (a, b)]
        tpr = pairs["true_positive_rate", RACE.groups[a], RACE.groups[b]]
        assert tpr.p == pytest.approx(proportions_ztest(sums, sizes)[1], abs=1e-12)


def test_the_largest_gap_names_its_groups_and_agrees_with_the_pairs():
    y, score, codes, _ = cohort()
    analysis = analysed(y, score, codes)
    (largest,) = [k for k in analysis.contrasts if k.metric == "auc_difference"]
    pairs = [k for k in analysis.contrasts if k.metric == "auc"]
    aucs = d.by_group(c.auc, codes, 3, y, score)
    assert largest.group_a == RACE.groups[int(aucs.argmax())]
    assert largest.group_b == RACE.groups[int(aucs.argmin())]
    assert largest.high == pytest.approx(max(max(k.high, -k.low) for k in pairs))
    no_gap = all(k.low <= 0 <= k.high for k in pairs)
    assert (largest.low == 0) == no_gap
    assert 0 < largest.p <= 1


@pytest.mark.parametrize("images", [1, 2])
def test_order_of_the_cases_changes_no_number(images):
    y, score, codes, patients = cohort(images=images)
    order = np.random.default_rng(9).permutation(len(y))
    shuffled = analysed(y[order], score[order], codes[order], patients[order])
    # Means and variances are summed in another order, and replicates are float32.
    assert_same(numbers(analysed(y, score, codes, patients)), numbers(shuffled), 2e-3)
    again = analysed(y, score, codes, patients)
    assert_same(numbers(analysed(y, score, codes, patients)), numbers(again), 0)


def test_relabelled_groups_keep_every_estimate_and_flip_signs():
    y, score, codes, _ = cohort()
    renamed = Attribute("race", RACE.groups[::-1])
    flipped = np.where(codes >= 0, 2 - codes, codes)
    one, other = analysed(y, score, codes), analysed(y, score, flipped, attribute=renamed)
    rows, same = table(one), table(other)
    for name, row in rows.items():
        assert same[name].value == pytest.approx(row.value, abs=1e-9), name
        if row.method in ("wilson", "delong-score", "student"):
            assert (same[name].low, same[name].high) == pytest.approx((row.low, row.high))
    signed = {(k.metric, k.group_a, k.group_b): k for k in other.contrasts}
    for k in one.contrasts:
        if k.metric in {m.name for m in METRICS}:
            assert signed[k.metric, k.group_b, k.group_a].value == pytest.approx(-k.value)


def test_images_that_repeat_a_patient_add_no_certainty():
    """Tripled under the same patient, nothing is better known; under new patients all is."""
    y, score, codes, patients = cohort(200)
    tripled = [np.repeat(x, 3) for x in (y, score, codes)]
    once = table(analysed(y, score, codes))
    same = table(analysed(*tripled, np.repeat(patients, 3)))
    new = table(analysed(*tripled))
    for name in ("auc", "true_positive_rate", "accuracy", "brier_score", "selection_rate"):
        for group in ("Black", "White"):
            row = once[group, name]
            width = row.high - row.low
            clustered, naive = same[group, name], new[group, name]
            assert clustered.value == pytest.approx(row.value, abs=1e-9)
            assert clustered.high - clustered.low == pytest.approx(width, rel=0.2)
            assert clustered.method == "bootstrap of patients"
            assert naive.high - naive.low < 0.7 * width
    assert same["all", "es_auc"].method == "simultaneous bootstrap of patients"


def test_a_single_group_has_estimates_but_no_gap():
    y, score, _, _ = cohort(100)
    analysis = analysed(y, score, np.zeros(100, dtype=int))
    rows = table(analysis)
    for metric in METRICS:
        assert rows["Asian", metric.name].value == rows["all", metric.name].value
    for summary in SUMMARIES:
        assert rows["all", summary.name].value is None
        assert rows["all", summary.name].reason == "fewer than two groups to compare"
    assert not analysis.contrasts
    assert rows["White", "auc"].reason == "no case"


def test_groups_of_one_class_are_left_out_and_named():
    y, score, codes, _ = cohort()
    y = np.where(codes == 0, 0, y)
    rows = table(analysed(y, score, codes))
    assert rows["Asian", "auc"].value is None
    assert rows["Asian", "auc"].reason == "only one class"
    assert rows["Asian", "true_positive_rate"].reason == "no positive case"
    assert rows["Asian", "false_positive_rate"].value is not None
    es = rows["all", "es_auc"]
    assert es.value is not None
    assert es.reason == "without Asian (only one class); Asian is too small to infer from"


def test_small_groups_are_shown_without_tests_and_tiny_ones_not_compared():
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
    assert "Black is too small to infer from" in table(shown)["all", "es_auc"].reason
    assert tier(10, 5, SETTINGS) == "suppressed"
    assert tier(30, 8, SETTINGS) == "descriptive"
    assert tier(20, 10, SETTINGS) == "inferential"
    assert tier(12, None, SETTINGS) == "inferential"


def test_patients_who_change_groups_are_compared_as_dependent():
    """Two eyes of each patient, left against right: what they share cancels in the difference."""
    rng = np.random.default_rng(5)
    y = np.repeat(rng.integers(0, 2, 150), 2)
    shared = np.repeat(rng.normal(size=150), 2)
    score = norm.cdf(y - 0.5 + shared + 0.1 * rng.normal(size=300))
    eyes = Attribute("eye", ("left", "right"))
    patients, codes = np.repeat(np.arange(150), 2), np.tile([0, 1], 150)
    paired = analysed(y, score, codes, patients, eyes)
    unpaired = analysed(y, score, codes, None, eyes)

    def auc_pair(analysis):
        return next(k for k in analysis.contrasts if k.metric == "auc")

    assert auc_pair(paired).high - auc_pair(paired).low < 0.5 * (
        auc_pair(unpaired).high - auc_pair(unpaired).low
    )
    assert auc_pair(paired).mde < 0.5 * auc_pair(unpaired).mde
    largest = next(k for k in paired.contrasts if k.metric == "auc_difference")
    assert largest.p is None  # labels of one patient cannot be exchanged


def test_unknown_intersections_and_strata():
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
    assert analysis.families["auc_difference over all attributes"] == 4


def test_an_attribute_does_not_depend_on_what_else_is_audited():
    y, score, codes, patients = cohort()
    alone = analysed(y, score, codes)
    language = plain(LANGUAGE, np.random.default_rng(7).integers(0, 3, len(y)))
    beside = analyse(
        BinaryScores(y, score, 0.5), patients, [language, plain(RACE, codes)], SETTINGS
    )
    one, other = table(alone), table(beside)
    assert one.keys() == other.keys()
    assert all(one[name] == other[name] for name in one)


def test_an_attribute_known_for_nobody_is_reported_as_such():
    y, score, _, _ = cohort(50)
    rows = table(analysed(y, score, np.full(50, UNKNOWN)))
    assert rows["unknown", "auc"].n == 50
    assert rows["all", "auc"].reason == "no case"
    assert rows["all", "es_auc"].value is None


def test_confidence_and_method_follow_the_settings():
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
    quick = analysed(y, score, codes, settings=dataclasses.replace(SETTINGS, permutations=0))
    assert all(k.p is None for k in quick.contrasts if k.metric.endswith("_difference"))
