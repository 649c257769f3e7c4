"""Minimum detectable effects against statsmodels and against simulated AUCs."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower

from fairness.metrics.classification import auc
from fairness.statistics.power import (
    detectable_auc_gap,
    detectable_rate_gap,
    minimum_detectable,
)


def test_equals_statsmodels_for_two_means() -> None:
    expected = NormalIndPower().solve_power(nobs1=50, ratio=2, alpha=0.05, power=0.8)
    assert minimum_detectable(1 / 50 + 1 / 100) == pytest.approx(expected, rel=1e-6)
    strict = NormalIndPower().solve_power(nobs1=50, ratio=2, alpha=0.05 / 3, power=0.9)
    q = norm.isf(0.025 / 3)
    assert minimum_detectable(1 / 50 + 1 / 100, q, 0.9) == pytest.approx(strict, rel=1e-4)


def test_planned_auc_gap_fits_scores_of_the_assumed_kind() -> None:
    """Hanley and McNeil's formula is exact for exponential scores; AUC 0.8 is a ratio of 4."""
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [40, 60])
    draws = [float(auc(y, rng.exponential(np.where(y == 1, 4, 1)))) for _ in range(4000)]
    planned = detectable_auc_gap((40, 60), (40, 60))
    assert planned == pytest.approx(minimum_detectable(2 * float(np.var(draws))), rel=0.04)


def test_rate_gap_and_empty_groups() -> None:
    assert detectable_rate_gap(50, 100) == pytest.approx(
        float(minimum_detectable(0.16 * (1 / 50 + 1 / 100)))
    )
    assert np.isnan(detectable_rate_gap(0, 10))
    assert np.isnan(detectable_auc_gap((0, 5), (9, 9)))
