"""Rates standardised by a logistic model: against statsmodels, sklearn, and plain shares."""

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.g_computation import standardised_rates
from fairness.statistics.logistic import RIDGE, fit_logistic


def people(n: int = 400) -> tuple[BoolArray, IntArray, FloatArray]:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, n)
    z = rng.normal(size=(n, 2)) * [30, 0.1] + group[:, None]
    return rng.random(n) < 1 / (1 + np.exp(-0.05 * z[:, 0] + 0.3 * group)), group, z


def test_means_and_errors_are_those_of_statsmodels() -> None:
    y, group, z = people()
    found = standardised_rates(y, group, z, np.arange(len(y)), 3)
    columns = np.column_stack([np.equal.outer(group, range(3)), z]).astype(float)
    model = sm.Logit(y.astype(float), columns)
    plain, robust = model.fit(disp=0), model.fit(disp=0, cov_type="HC0")
    for g in range(3):
        as_g = columns.copy()
        as_g[:, :3] = np.eye(3)[g]
        p = plain.predict(as_g)
        slope = (p * (1 - p)) @ as_g / len(y)
        model_based, seen = (slope @ fit.cov_params() @ slope for fit in (plain, robust))
        seen *= len(y) / (len(y) - columns.shape[1])
        assert found.value[g] == pytest.approx(p.mean(), rel=1e-9)
        assert found.variance[g] == pytest.approx(max(model_based, seen), rel=1e-6)
    assert found.ridge == 0


def test_images_of_a_patient_move_together() -> None:
    y, group, z = people(300)
    rows = np.repeat(np.arange(300), 2)
    once = standardised_rates(y, group, z, np.arange(300), 3)
    twice = standardised_rates(y[rows], group[rows], z[rows], rows, 3)
    assert twice.value == pytest.approx(once.value)
    sums = [np.bincount(rows, moved) for moved in twice.moved]
    assert np.stack(sums) == pytest.approx(once.moved, abs=1e-12)


def test_without_covariates_it_is_the_share() -> None:
    y, group, _ = people()
    found = standardised_rates(y, group, np.ones((len(y), 1)), np.arange(len(y)), 3)
    shares = np.array([y[group == g].mean() for g in range(3)])
    assert found.value == pytest.approx(shares)
    sizes = np.bincount(group)
    assert found.variance == pytest.approx(shares * (1 - shares) / sizes, rel=0.02)


def test_separated_classes_get_the_ridge_of_sklearn() -> None:
    y, group, z = people()
    y = np.where(group == 1, True, y)
    columns = np.column_stack([np.equal.outer(group, range(3)), z / z.std(0)]).astype(float)
    fit = fit_logistic(columns, y.astype(float))
    theirs = LogisticRegression(C=1 / RIDGE, fit_intercept=False, tol=1e-10).fit(columns, y)
    assert fit is not None
    assert fit.ridge == RIDGE
    assert fit.coefficients == pytest.approx(theirs.coef_[0], abs=1e-4)
    found = standardised_rates(y, group, z, np.arange(len(y)), 3)
    assert 0.95 < found.value[1] < 1
    assert found.trials[1] <= (group == 1).sum()


def test_what_cannot_be_fitted_says_why() -> None:
    y, group, z = people()
    everyone = np.arange(len(y))
    tells = standardised_rates(y, group, (group == 1)[:, None].astype(float), everyone, 3)
    assert tells.reason == "what is adjusted for tells the group"
    few = standardised_rates(y[:10], group[:10], z[:10], everyone[:10], 3)
    assert few.reason == "fewer than 5 cases for each term of the model"
    assert np.isnan(few.value).all()
