"""Mean, deviation and interval over seeds and patients."""

import numpy as np
import pytest
from scipy import stats

from fairness.metrics.classification import auc
from fairness.metrics.disparity import (
    by_group,
    demographic_parity_difference,
    equalized_odds_difference,
    equity_scaled,
)
from training.study.evaluated import Samples
from training.study.over_seeds import differences, replicates_of, spread_of, weights_of


def scored(n: int, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    target, codes = rng.integers(0, 2, n), rng.integers(-1, 3, n)
    score = np.clip(0.4 + 0.15 * target + 0.2 * rng.standard_normal(n), 0, 1).round(2)
    units = np.arange(n) // 2  # two eyes
    return Samples(tuple(map(str, range(n))), units, target, score, codes)


def test_replicates_are_the_numbers_of_the_patients_that_were_drawn() -> None:
    samples = scored(120, 0)
    weights, groups = weights_of(samples), ["a", "b", "c"]
    shown = {f"auc:{group}" for group in groups}
    found = replicates_of(samples, 0.5, groups, shown, weights)
    for r in range(0, 1000, 100):
        rows = np.repeat(np.arange(120), weights[:, r].astype(int))
        y, s, codes = samples.target[rows], samples.score[rows], samples.codes[rows]
        known, predicted = codes >= 0, (s >= 0.5).astype(int)
        of_groups = by_group(auc, codes, 3, y, s)
        expected = {
            "auc": auc(y, s),
            "rate": predicted.mean(),
            "dpd": demographic_parity_difference(y, predicted, codes),
            "deodds": equalized_odds_difference(y, predicted, codes),
            "es_auc": equity_scaled(auc(y[known], s[known]), of_groups),
            **{f"auc:{group}": value for group, value in zip(groups, of_groups, strict=True)},
        }
        assert {name: value[r] for name, value in found.items()} == pytest.approx(
            expected, abs=1e-5
        )


def test_a_hidden_group_counts_in_no_gap() -> None:
    samples = scored(200, 1)
    weights = weights_of(samples)
    found = replicates_of(samples, 0.5, ["a", "b", "c"], {"auc:a", "auc:c"}, weights)
    assert "auc:b" not in found
    r = 7
    rows = np.repeat(np.arange(200), weights[:, r].astype(int))
    rows = rows[samples.codes[rows] != 1]
    predicted = (samples.score[rows] >= 0.5).astype(int)
    codes = samples.codes[rows]
    expected = demographic_parity_difference(samples.target[rows], predicted, codes)
    assert found["dpd"][r] == pytest.approx(expected, abs=1e-6)


def test_where_only_seeds_vary_the_interval_is_student_s() -> None:
    values = np.array([0.70, 0.74, 0.75])
    found = spread_of(values, np.zeros((3, 1000)), 500, 0.0)
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.sd == pytest.approx(np.sqrt(((values - values.mean()) ** 2).sum() / 2))


def test_where_only_patients_vary_the_interval_is_the_bootstrap_s() -> None:
    draws = 0.7 + 0.02 * np.random.default_rng(0).standard_normal((1, 1000))
    found = spread_of(np.full(2, 0.7), np.repeat(draws, 2, axis=0), 500, 0.0)
    assert found.sd == 0
    assert found.high - found.low == pytest.approx(2 * 1.965 * draws.std(ddof=1), rel=0.01)


def test_the_interval_covers_both_seeds_and_patients() -> None:
    """Values are mu + seed + mean over patients of (patient + seed x patient), all normal."""
    rng = np.random.default_rng(0)
    covered, studies, seeds, n = 0, 300, 3, 200
    for _ in range(studies):
        of_patients = rng.standard_normal(n) + 0.5 * rng.standard_normal((seeds, n))
        cases = 0.1 * rng.standard_normal((seeds, 1)) + of_patients
        weights = rng.multinomial(n, np.full(n, 1 / n), size=200)
        found = spread_of(cases.mean(1), cases @ weights.T / n, n, -1.0)
        covered += found.low <= 0 <= found.high
    assert 0.94 <= covered / studies <= 1.0


def test_one_seed_has_a_mean_alone() -> None:
    found = spread_of(np.array([0.7]), np.zeros((1, 1000)), 500, 0.0)
    assert found.mean == 0.7
    assert np.isnan([found.sd, found.low, found.high]).all()


def test_limits_stay_between_0_and_1_and_those_of_differences_above_minus_1() -> None:
    values, still = np.array([0.01, 0.03]), np.zeros((2, 1000))
    assert spread_of(values, still, 500, 0.0).low == 0
    assert -1 < spread_of(values, still, 500, -1.0).low < 0
    apart = spread_of(np.array([-0.4, 0.4]), still, 500, -1.0)
    assert (apart.low, apart.high) == (-1, 1)


def test_differences_are_paired_by_seed_and_by_patient() -> None:
    rng = np.random.default_rng(0)
    fair, plain = [{"auc": 0.75}, {"auc": 0.65}], [{"auc": 0.74}, {"auc": 0.64}]
    moved = [{"auc": rng.standard_normal(1000)} for _ in range(2)]
    found = differences((fair, plain), (moved, moved), 500)["auc"]
    assert found.mean == pytest.approx(0.01)
    assert found.high - found.low < 1e-6  # both move alike, by seed and by patient
    assert "dpd" not in found.__dict__
