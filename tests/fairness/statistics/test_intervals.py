"""Closed-form intervals against statsmodels and scipy, at their borders, and in simulation."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from fairness.statistics import intervals as i
from fairness.statistics.delong import delong

Q = 1.959963984540054


@pytest.mark.parametrize("n", [1, 7, 50, 4000])
def test_wilson_equals_statsmodels(n: int) -> None:
    for hits in {0, 1, n // 3, n}:
        low, high = i.wilson(np.array(hits / n), np.array(float(n)), Q)
        assert (low, high) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-12)


def test_difference_of_shares_is_newcombes() -> None:
    for a, n, b, m in [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 10), (0, 12, 0, 9)]:
        shares, sizes = np.array([a / n, b / m]), np.array([n, m], dtype=float)
        low, high = i.wilson(shares, sizes, Q)
        got = i.mover_difference(
            shares[0], (low[0], high[0]), shares[1], (low[1], high[1]), np.zeros(1)
        )
        expected = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
        assert got == pytest.approx(expected, abs=1e-9)


def test_a_value_differs_from_itself_by_nothing() -> None:
    limits = np.array([0.7]), np.array([0.9])
    low, high = i.mover_difference(np.array([0.8]), limits, np.array([0.8]), limits, np.ones(1))
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(0, abs=1e-12)


def test_logit_interval_is_symmetric_in_log_odds() -> None:
    low, high = i.logit_interval(np.array([0.8]), np.array([0.01]), Q)
    half = Q * 0.1 / (0.8 * 0.2)
    assert low == pytest.approx(expit(logit(0.8) - half), abs=1e-12)
    assert high == pytest.approx(expit(logit(0.8) + half), abs=1e-12)
    assert [float(x[0]) for x in i.logit_interval(np.array([1.0]), np.array([0.0]), Q)] == [0, 1]


def test_auc_score_interval_becomes_the_wald_interval_in_large_samples() -> None:
    low, high = i.auc_score_interval(
        np.array([0.8]), np.array([1e-6]), np.array([1e5]), np.array([1e5]), Q
    )
    assert low == pytest.approx(0.8 - Q * 1e-3, abs=2e-5)
    assert high == pytest.approx(0.8 + Q * 1e-3, abs=2e-5)


def test_auc_of_1_is_no_better_known_than_a_full_share_of_the_rarer_class() -> None:
    sizes = np.array([30.0]), np.array([8.0])
    low, high = i.auc_score_interval(np.array([1.0]), np.array([0.0]), *sizes, Q)
    assert low == pytest.approx(proportion_confint(8, 8, method="wilson")[0], abs=1e-12)
    assert high == 1
    mirrored = i.auc_score_interval(np.array([0.0]), np.array([0.0]), *sizes, Q)
    assert mirrored[0] == 0
    assert mirrored[1] == pytest.approx(1 - low)


@pytest.mark.parametrize("sizes", [(1, 1), (8, 8), (300, 8), (2, 5000)])
def test_auc_score_interval_holds_the_estimate_and_stays_inside(sizes: tuple[int, int]) -> None:
    """For every AUC and every variance that it can have (Birnbaum and Klose, 1957)."""
    auc, share = (x.ravel() for x in np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 11)))
    negatives, positives = (np.full(len(auc), float(size)) for size in sizes)
    variance = share * auc * (1 - auc) / min(sizes)
    low, high = i.auc_score_interval(auc, variance, negatives, positives, Q)
    assert ((low >= 0) & (low <= auc + 1e-12)).all()
    assert ((high <= 1) & (high >= auc - 1e-12)).all()


@pytest.mark.parametrize(("positives", "negatives"), [(8, 8), (8, 300), (15, 35)])
@pytest.mark.parametrize("separation", [0.36, 1.19, 1.81])  # AUC 0.6, 0.8, 0.9
def test_auc_score_interval_covers_in_small_and_lopsided_groups(
    positives: int, negatives: int, separation: float
) -> None:
    """Monte Carlo, 400 draws: a coverage of 0.95 falls below 0.92 in 3 of 1000 such runs."""
    rng = np.random.default_rng(1)
    y = np.repeat([1, 0], [positives, negatives])
    draws = np.array([delong(y, rng.normal(separation * y, 1)) for _ in range(400)])
    sizes = np.full(400, float(negatives)), np.full(400, float(positives))
    low, high = i.auc_score_interval(draws[:, 0], draws[:, 1], *sizes, Q)
    truth = norm.cdf(separation / np.sqrt(2))
    assert ((low <= truth) & (truth <= high)).mean() > 0.92


def test_shares_of_dependent_cases_count_patients() -> None:
    """Fully dependent images are worth their patients, independent ones nearly their number."""
    share, patients = np.array([0.75]), np.array([40.0])
    dependent = i.share_trials(share, share * (1 - share) / 40, patients)
    independent = i.share_trials(share, share * (1 - share) / 120, patients)
    assert dependent == pytest.approx(40, rel=0.02)
    assert 90 < independent < 120


def test_bounded_interval_has_the_wald_width_and_stays_inside() -> None:
    low, high = i.bounded_interval(np.array([0.5, 0.99]), np.array([1e-4, 1e-2]), Q)
    assert high[0] - low[0] == pytest.approx(2 * Q * 1e-2, rel=1e-3)
    assert 0 <= low[1] <= high[1] <= 1
    unknown = i.bounded_interval(np.array([0.5]), np.array([np.nan]), Q)
    assert np.isnan(unknown).all()


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (18, 20), (37, 60), (9, 9)])
def test_exact_limits_equal_statsmodels(hits: int, n: int) -> None:
    low, high = i.clopper_pearson(np.array(hits / n), np.array(float(n)), Q)
    expected = proportion_confint(hits, n, alpha=2 * norm.sf(Q), method="beta")
    assert (float(low), float(high)) == pytest.approx(expected, abs=1e-9)
