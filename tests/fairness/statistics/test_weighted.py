"""Design weights: a case of weight k is k cases of its patient; equal weights change nothing."""

from dataclasses import astuple, replace

import numpy as np
import pytest
import statsmodels.api as sm
from cohorts import cohort
from sklearn.metrics import average_precision_score, roc_auc_score

from fairness.arrays import IntArray
from fairness.attributes import RACE
from fairness.groups import plain
from fairness.metrics.classification import SHARES
from fairness.statistics.analyse import Analysis, analyse
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.calibration import weighted_mass_bins
from fairness.statistics.clusters import units_of
from fairness.statistics.net_benefit import net_benefit
from fairness.statistics.recalibration import logits
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings
from fairness.statistics.unknown_groups import highest_auc, largest_mean
from fairness.statistics.weighted import WeightedScores, free_patients, mean_variances, weighted
from fairness.statistics.weighted_extremes import highest_weighted_auc, largest_weighted_mean

SETTINGS = Settings(replicates=100)
NAMES = [metric.name for metric in METRICS]


def analysed(scores: BinaryScores, codes: IntArray, patients: IntArray) -> Analysis:
    return analyse(scores, patients, [plain(RACE, codes)], SETTINGS)


@pytest.mark.parametrize("images", [1, 2])
def test_a_case_of_weight_k_is_k_cases_of_its_patient(images: int) -> None:
    y, score, codes, patients = cohort(300, images=images)
    k = np.random.default_rng(1).integers(1, 4, len(y))
    rows = np.repeat(np.arange(len(y)), k)
    copied = analysed(BinaryScores(y[rows], score[rows], 0.5), codes[rows], patients[rows])
    found = analysed(weighted(BinaryScores(y, score, 0.5), k.astype(float)), codes, patients)
    compared = 0
    for one, other in zip(found.estimates, copied.estimates, strict=True):
        if one.metric == "calibration_error":  # between quantiles that are no score
            continue
        pair = [(e.value, e.unknown_low, e.unknown_high) for e in (one, other)]
        if one.metric == "auc":
            pair = [(e.value, e.low, e.high) for e in (one, other)]
        assert pair[0] == pytest.approx(pair[1], abs=1e-9, nan_ok=True), one
        compared += 1
        if one.metric in (*SHARES, "brier_score") and None not in (
            one.low,
            one.high,
            other.low,
            other.high,
        ):
            # The weights make them no more precise than patients of equal weight.
            assert one.high - one.low >= other.high - other.low - 1e-9  # type: ignore[operator]
    assert compared > 50
    theirs = {(c.metric, c.group_a, c.group_b): c for c in copied.contrasts}
    for c in found.contrasts:
        if c.metric == "auc":
            same = theirs[c.metric, c.group_a, c.group_b]
            assert c.p == pytest.approx(same.p, abs=1e-6)
            assert c.p_adjusted == pytest.approx(same.p_adjusted, abs=1e-3)


def test_equal_weights_change_no_bit() -> None:
    y, score, codes, patients = cohort(200)
    scores = BinaryScores(y, score, 0.5)
    plainly = analysed(scores, codes, patients)
    for weight in (1.0, 2.5):
        found = analysed(weighted(scores, np.full(len(y), weight)), codes, patients)
        assert [astuple(e) for e in found.estimates] == [astuple(e) for e in plainly.estimates]
        assert found.contrasts == plainly.contrasts


def test_the_formulas_for_weights_give_the_same_where_all_are_one() -> None:
    y, score, _, patients = cohort(300)
    own = BinaryScores(y, score, 0.5)
    weighing = WeightedScores(y, score, 0.5, weights=np.ones(len(y)))
    rows = np.arange(len(y))
    at = [k for k, name in enumerate(NAMES) if name != "calibration_error"]
    assert weighing.values(rows)[at] == pytest.approx(own.values(rows)[at], abs=1e-12)
    for one, other in zip(
        weighing.precision(rows, patients), own.precision(rows, patients), strict=True
    ):
        assert one[at] == pytest.approx(other[at], rel=1e-12, nan_ok=True)
    sampled = [sample(s, [rows], units_of(patients), SETTINGS) for s in (weighing, own)]
    assert sampled[0].variance[:, at] == pytest.approx(sampled[1].variance[:, at], rel=1e-6)
    means = np.array([k for k in at if METRICS[k].kind in ("bounded", "mean")])
    limits = [np.stack(s.limits(0 * means, means, 1.96)) for s in sampled]
    assert limits[0] == pytest.approx(limits[1], rel=1e-6)


def test_the_two_variances_are_those_of_statsmodels_and_of_kish() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.random(80), rng.uniform(0.1, 4, 80)
    seen, alike = mean_variances(values, weights, np.arange(80))
    fit = sm.WLS(values, np.ones(80), weights=weights).fit(cov_type="HC1")
    assert seen == pytest.approx(float(fit.bse[0]) ** 2)
    kish = weights.sum() ** 2 / (weights @ weights)
    spread = float(np.cov(values, aweights=weights, ddof=0))
    assert alike == pytest.approx(spread / kish * 80 / 79)
    assert mean_variances(values, np.ones(80), np.arange(80)) == pytest.approx(
        (values.var(ddof=1) / 80,) * 2
    )


def test_degrees_of_freedom_are_those_of_simulated_sums_of_squares() -> None:
    rng = np.random.default_rng(0)
    weights = np.repeat([0.2, 1.8, 4.0], [40, 40, 5])
    squares = (weights * rng.normal(size=(40_000, len(weights)))) ** 2
    sums = squares.sum(1)  # of chi-squared: variance = 2 mean^2 / degrees of freedom
    found = free_patients(np.arange(len(weights)), weights)
    assert found == pytest.approx(2 * sums.mean() ** 2 / sums.var(), rel=0.04)
    assert found < weights.sum() ** 2 / (weights @ weights)
    assert free_patients(np.arange(30), np.full(30, 2.5)) == pytest.approx(30)


def test_resampled_numbers_move_with_a_weight_as_their_influence_says() -> None:
    y, score, _, _ = cohort(200)
    rows, weights = np.arange(200), np.random.default_rng(0).uniform(0.5, 4, 200)
    scores = WeightedScores(y, np.round(score, 2), 0.5, weights=weights)
    found = scores._influences(rows)
    for case in (0, 7, 50, 123):
        step = 1e-5 * np.equal(rows, case)
        more, less = (replace(scores, weights=weights + by * step).values(rows) for by in (1, -1))
        for name, influence in found.items():
            m = NAMES.index(name)
            expected = (more[m] - less[m]) / 2e-5
            assert influence[case] == pytest.approx(expected, abs=1e-7, rel=1e-4), name


def test_few_heavy_patients_widen_resampled_intervals() -> None:
    y, score, _, _ = cohort(100)
    weights = np.where(np.arange(100) % 10 == 0, 8.0, 1.0)
    scores, rows = weighted(BinaryScores(y, score, 0.5), weights), np.arange(100)
    assert isinstance(scores, WeightedScores)
    free, wider = scores.corrections(rows, rows)
    kish = scores.precision(rows, rows)[1]
    resampled = [NAMES.index(n) for n in ("average_precision", "calibration_slope")]
    assert (free[resampled] < kish[resampled] / 1.5).all()
    assert (wider > 1).all()
    assert (wider[resampled] < 1.5).all()


def test_the_weighted_auc_is_that_of_sklearn() -> None:
    y, score, _, _ = cohort(300)
    score = np.round(score, 1)
    weights = np.random.default_rng(0).uniform(0.5, 4, len(y))
    found = weighted(BinaryScores(y, score, 0.5), weights).values(np.arange(len(y)))
    expected = roc_auc_score(y, score, sample_weight=weights)
    assert found[NAMES.index("auc")] == pytest.approx(expected)
    expected = average_precision_score(y, score, sample_weight=weights)
    assert found[NAMES.index("average_precision")] == pytest.approx(expected)


def test_weighted_calibration_is_that_of_statsmodels() -> None:
    y, score, _, _ = cohort(300)
    weights = np.random.default_rng(0).uniform(0.5, 4, len(y))
    found = weighted(BinaryScores(y, score, 0.5), weights).values(np.arange(len(y)))
    x = logits(score)
    family = sm.families.Binomial()
    line = sm.GLM(y, sm.add_constant(x), family=family, freq_weights=weights).fit(tol=1e-12)
    level = sm.GLM(y, np.ones(len(y)), family=family, freq_weights=weights, offset=x).fit(tol=1e-12)
    assert found[NAMES.index("calibration_slope")] == pytest.approx(line.params[1], rel=1e-6)
    assert found[NAMES.index("calibration_intercept")] == pytest.approx(level.params[0], rel=1e-6)
    bin_of = weighted_mass_bins(score, 10, weights)
    assert np.bincount(bin_of, weights) / weights.sum() == pytest.approx(np.full(10, 0.1), abs=0.02)
    assert weighted_mass_bins(np.zeros(4), 3, np.ones(4)).tolist() == [0] * 4


def test_the_weighted_calibration_error_has_bins_of_copied_cases() -> None:
    y, score, _, _ = cohort(300)
    k = np.random.default_rng(1).integers(1, 4, len(y))
    found = weighted(BinaryScores(y, score, 0.5), k.astype(float)).values(np.arange(len(y)))
    rows = np.repeat(np.arange(len(y)), k)
    edges = np.quantile(score[rows], np.linspace(0, 1, 11)[1:-1], method="inverted_cdf")
    excess = np.bincount(np.searchsorted(edges, score[rows]), y[rows] - score[rows])
    expected = np.abs(excess).sum() / len(rows)
    assert found[NAMES.index("calibration_error")] == pytest.approx(expected)


def test_replicates_of_weights_are_refits_of_what_was_drawn() -> None:
    y, score, _, _ = cohort(400)
    rng = np.random.default_rng(0)
    scores = weighted(BinaryScores(y, score, 0.5), rng.uniform(0.5, 4, len(y)))
    assert isinstance(scores, WeightedScores)
    rows = np.arange(len(y))
    drawn = rng.multinomial(len(y), np.full(len(y), 1 / len(y)), 20).T
    replicates = scores.replicator(rows, frozenset(NAMES))(drawn.astype(np.float32))
    values = np.stack([scores.values(np.repeat(rows, of_cases)) for of_cases in drawn.T])
    for name in ("average_precision", "brier_score", "calibration_slope", "calibration_intercept"):
        expected = values[:, NAMES.index(name)]
        assert np.corrcoef(replicates[name], expected)[0, 1] > 0.98, name
        # One step of Newton's method is not the whole fit.
        spread = expected.std()
        assert np.abs(replicates[name] - expected).mean() < 0.25 * spread, name


def test_a_weighted_net_benefit_is_that_of_copied_cases() -> None:
    y, score, _, patients = cohort(300)
    k = np.random.default_rng(1).integers(1, 4, len(y))
    rows, units = np.repeat(np.arange(len(y)), k), units_of(patients)
    copied = net_benefit(y[rows] == 1, score[rows] >= 0.3, units[rows], 0.3, 1.96)
    found = net_benefit(y == 1, score >= 0.3, units, 0.3, 1.96, k.astype(float))
    assert found.of_all == pytest.approx(copied.of_all)
    for one, other in ((found.of_model, copied.of_model), (found.over_all, copied.over_all)):
        assert one[0] == pytest.approx(other[0])
        assert one[2] - one[1] == pytest.approx(other[2] - other[1], rel=0.1)


def test_the_scale_of_weights_does_not_matter() -> None:
    y, score, _, _ = cohort(200)
    weights = np.random.default_rng(0).uniform(0.5, 4, len(y))
    scores = BinaryScores(y, score, 0.5)
    one, other = (weighted(scores, weights * by).values(np.arange(200)) for by in (1, 1000))
    assert one == pytest.approx(other, nan_ok=True)


def test_extremes_of_equal_weights_are_those_without() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.random(n) for n in (20, 30, 5, 7)]
    cases = [(part, np.ones(len(part))) for part in parts]
    assert highest_weighted_auc(cases[0], cases[1], cases[2], cases[3]) == pytest.approx(
        highest_auc(*parts)
    )
    assert largest_weighted_mean(cases[0], cases[2]) == pytest.approx(
        largest_mean(parts[0], parts[2])
    )


def test_unequal_weights_widen_intervals() -> None:
    y, score, codes, patients = cohort(400)
    scores = BinaryScores(y, score, 0.5)
    weights = np.random.default_rng(0).choice([1.0, 10.0], len(y))
    widths = []
    for measured in (scores, weighted(scores, weights)):
        found = analysed(replace(measured), codes, patients).estimates
        one = next(e for e in found if (e.attribute, e.metric) == ("overall", "accuracy"))
        assert one.low is not None
        assert one.high is not None
        widths.append(one.high - one.low)
    assert 1.15 < widths[1] / widths[0] < 1.6
