"""Net benefit and cross-fitted recalibration: by hand, against sklearn, and nothing tuned twice."""

import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fairness.beside.decide import kept
from fairness.beside.recalibrate import mean_change
from fairness.disclosure.sizes import Sizes
from fairness.statistics.cross_fit import FOLDS, by_lines, fit_line, folds_of, lines_of
from fairness.statistics.net_benefit import net_benefit
from fairness.statistics.recalibration import logits


def people(n: int = 400, seed: int = 0):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(np.int64)
    return y, 1 / (1 + np.exp(-(2 * y - 1.2 + rng.normal(size=n))))


def test_net_benefit_is_that_by_hand() -> None:
    y, score = people()
    decided = score >= 0.2
    found = net_benefit(y == 1, decided, np.arange(len(y)), 0.2, 1.96)
    value = (decided & (y == 1)).mean() - (decided & (y == 0)).mean() * 0.25
    of_all = y.mean() - (1 - y.mean()) * 0.25
    assert found.of_model[0] == pytest.approx(value)
    assert found.of_all == pytest.approx(of_all)
    assert found.over_all[0] == pytest.approx(value - of_all)
    for number, low, high in (found.of_model, found.over_all):
        assert low < number < high


def test_net_benefit_of_large_samples_has_the_interval_of_a_mean() -> None:
    y, score = people(100_000)
    gains = (score >= 0.2) * np.where(y == 1, 1, -0.25)
    _, low, high = net_benefit(y == 1, score >= 0.2, np.arange(len(y)), 0.2, 1.96).of_model
    assert high - low == pytest.approx(2 * 1.96 * gains.std() / np.sqrt(len(y)), rel=0.01)


def test_a_line_is_the_logistic_regression_of_sklearn() -> None:
    y, score = people()
    line = fit_line(y, score)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logits(score)[:, None], y)
    assert line is not None
    assert line.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert line.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_nothing_is_fitted_where_there_is_no_finite_line() -> None:
    y = np.repeat([0, 1], 50)
    assert fit_line(y, y * 0.5 + 0.2) is None
    assert fit_line(np.repeat([0, 1], [90, 10]), np.random.default_rng(0).random(100)) is None


def test_no_case_is_scored_by_a_fit_on_its_own_patient() -> None:
    y, score = people(200)
    y, score, units = np.repeat(y, 2), np.repeat(score, 2), np.repeat(np.arange(200), 2)
    folds = folds_of(units, 0)
    assert (folds[::2] == folds[1::2]).all()
    lines = [line for line in lines_of(y, score, folds) if line is not None]
    assert len(lines) == FOLDS
    before = by_lines(score, folds, lines)
    flipped = np.where(folds == 0, 1 - y, y)
    again = [line for line in lines_of(flipped, score, folds) if line is not None]
    assert by_lines(score, folds, again)[folds == 0] == pytest.approx(before[folds == 0])


def test_a_change_of_few_people_has_no_interval() -> None:
    changes = np.zeros(100)
    changes[:5] = 0.5
    value, low, high = mean_change(changes, np.arange(100), 1.96)
    assert value == pytest.approx(0.025)
    assert np.isnan([low, high]).all()


def test_thresholds_have_nobody_or_enough_people_between_them() -> None:
    rng = np.random.default_rng(0)
    score, y = rng.random(300), rng.integers(0, 2, 300)
    sizes = Sizes(np.arange(300), y, 11, 11)
    thresholds = np.linspace(0.05, 0.95, 21)
    found = kept(score, thresholds, sizes)
    assert 5 < len(found) < 21
    edges = [-np.inf, *found, np.inf]
    for low, high in itertools.pairwise(edges):
        inside = (score >= low) & (score < high)
        assert min((inside & (y == k)).sum() for k in (0, 1)) >= 11
