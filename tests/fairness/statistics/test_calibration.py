"""Calibration against scikit-learn's curve and statsmodels' logistic regressions."""

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve as sklearn_curve
from statsmodels.stats.proportion import proportion_confint

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.calibration import calibration_curve, calibration_error
from fairness.statistics.recalibration import fit_intercept, fit_slope, refit


def data(n: int = 400, seed: int = 0, slope: float = 0.6) -> tuple[IntArray, FloatArray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(0.3, 1.2, n)
    return rng.binomial(1, expit(slope * x - 0.4)), expit(x)


def test_curve_and_error_equal_scikit_learn() -> None:
    y, score = data()
    observed, predicted = sklearn_curve(y, score, n_bins=10, strategy="quantile")
    points: Any = calibration_curve(y, score, 10, 1.959963984540054)
    np.testing.assert_allclose([p.observed for p in points], observed, atol=1e-12)
    np.testing.assert_allclose([p.score for p in points], predicted, atol=1e-12)
    for p in points:
        wilson = proportion_confint(round(p.observed * p.n), p.n, method="wilson")
        assert (p.low, p.high) == pytest.approx(wilson, abs=1e-12)
    weights = np.array([p.n for p in points]) / len(y)
    error = (weights * np.abs(observed - predicted)).sum()
    assert calibration_error(y, score) == pytest.approx(error, abs=1e-12)


def test_error_is_0_where_each_score_is_its_share() -> None:
    score = np.repeat([0.25, 0.5], 4)
    assert calibration_error(np.array([1, 0, 0, 0, 1, 1, 0, 0]), score, bins=2) == 0
    assert calibration_error(np.ones(2), np.full(2, 0.4)) == pytest.approx(0.6)
    assert np.isnan(calibration_error(np.array([]), np.array([])))
    assert calibration_curve(np.array([]), np.array([]), 10, 1.96) == ()


def test_slope_and_intercept_equal_statsmodels() -> None:
    y, score = data()
    x = logit(score)
    model = sm.Logit(y, sm.add_constant(x)).fit(disp=0, method="newton", tol=1e-12)
    assert fit_slope(y, score).value == pytest.approx(model.params[1], abs=1e-9)
    offset = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=x).fit(tol=1e-14)
    assert fit_intercept(y, score).value == pytest.approx(offset.params[0], abs=1e-9)


def test_one_newton_step_is_close_to_the_weighted_fit() -> None:
    y, score = data()
    weights = np.random.default_rng(1).multinomial(len(y), np.full(len(y), 1 / len(y)), 5)
    fit, offset = fit_slope(y, score), fit_intercept(y, score)
    stepped = refit(fit, fit.influence @ weights.T)
    level = refit(offset, offset.influence @ weights.T)
    for w, slope, intercept in zip(weights, stepped, level, strict=True):
        again = np.repeat(y, w), np.repeat(score, w)
        assert slope == pytest.approx(fit_slope(*again).value, abs=0.02)
        assert intercept == pytest.approx(fit_intercept(*again).value, abs=0.01)


def test_fits_without_a_finite_solution_are_undefined() -> None:
    apart = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])
    assert np.isnan(fit_slope(*apart).value)
    assert np.isfinite(fit_intercept(*apart).value)
    for y, score in ((np.ones(4), np.linspace(0.1, 0.9, 4)), (np.array([]), np.array([]))):
        assert np.isnan(fit_slope(y, score).value)
        assert np.isnan(fit_intercept(y, score).value)
    constant = np.array([0, 1, 0, 1]), np.full(4, 0.5)
    assert np.isnan(fit_slope(*constant).value)
    assert fit_intercept(*constant).value == pytest.approx(0, abs=1e-12)


def test_scores_of_0_and_1_and_scores_crowded_at_one_half_can_be_fitted() -> None:
    y = np.array([0, 1, 0, 1, 1, 0])
    assert np.isfinite(fit_slope(y, np.array([0.0, 1.0, 0.4, 0.6, 0.0, 1.0])).value)
    rng = np.random.default_rng(2)
    x = rng.normal(0, 0.005, 500)  # the spread of zero-shot scores
    y = rng.binomial(1, expit(200 * x))
    assert fit_slope(y, expit(x)).value == pytest.approx(200, rel=0.3)
