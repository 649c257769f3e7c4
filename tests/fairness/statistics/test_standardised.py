"""Numbers at another prevalence: closed forms, the same at one's own, MOVER-R as published."""

import numpy as np
import pytest

from fairness.beside.numbers import numbers_of
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.differences import Side, differences
from fairness.statistics.intervals import wilson
from fairness.statistics.mover import mover_share
from fairness.statistics.recalibration import fit_intercept, fit_slope
from fairness.statistics.settings import Settings
from fairness.statistics.shifted_calibration import error_at
from fairness.statistics.standardised import METRICS as STANDARDISED

NAMES = [metric.name for metric in METRICS]


def scores(n: int = 300, seed: int = 0, threshold: float = 0.4) -> BinaryScores:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(np.int64)
    return BinaryScores(y, 1 / (1 + np.exp(-(2 * y - 1.5 + rng.normal(size=n)))), threshold)


def at(measured: BinaryScores, prevalence: float, units=None):  # type: ignore[no-untyped-def]
    n = len(measured.positive)
    one = CaseSet("overall", "all", np.arange(n), False, True)
    units = np.arange(n) if units is None else units_of(units)
    return numbers_of(measured, [one], [units], np.array([prevalence]), are_probabilities=True)


@pytest.mark.parametrize("images", [1, 2])
def test_at_their_own_prevalence_numbers_are_those_in_the_data(images: int) -> None:
    measured = scores()
    own = measured.positive.mean()
    raw = dict(zip(NAMES, measured.values(np.arange(300)), strict=True))
    found = at(measured, own, np.arange(300) // images)
    for metric in (*STANDARDISED, "calibration_intercept"):
        if metric != "net_benefit":
            assert found[metric].value[0] == pytest.approx(raw[metric], abs=1e-12)
    error = np.abs(error_at(measured.positive, measured.score, measured.bins, own)).sum()
    assert error == pytest.approx(raw["calibration_error"], abs=1e-12)


def test_they_are_what_the_same_cases_copied_to_that_prevalence_give() -> None:
    measured = scores()
    y = measured.positive
    times = np.where(y == 1, 2, 7)  # so many copies of each case
    rows = np.repeat(np.arange(len(y)), times)
    raw = dict(zip(NAMES, measured.values(rows), strict=True))
    found = at(measured, (2 * y.sum()) / len(rows))
    for metric in (*STANDARDISED, "calibration_intercept"):
        if metric != "net_benefit":
            assert found[metric].value[0] == pytest.approx(raw[metric], abs=1e-9)
    decided = measured.score[rows] >= 0.4
    gained = (decided & (y[rows] == 1)).mean() - (decided & (y[rows] == 0)).mean() * 0.4 / 0.6
    assert found["net_benefit"].value[0] == pytest.approx(gained, abs=1e-12)


def test_a_positive_predictive_value_is_bayes_rule() -> None:
    measured = scores()
    predicted, y = measured.score >= 0.4, measured.positive
    tpr, fpr = predicted[y == 1].mean(), predicted[y == 0].mean()
    expected = 1 / (1 + 0.92 / 0.08 * fpr / tpr)
    assert at(measured, 0.08)["positive_predictive_value"].value[0] == pytest.approx(expected)


def test_limits_of_a_share_are_those_of_the_ratio_as_published() -> None:
    rng, compared = np.random.default_rng(0), 0
    for _ in range(300):
        n, m = rng.integers(20, 200, 2).astype(float)
        a, b, q = rng.integers(1, n) / n, rng.integers(1, m) / m, rng.uniform(0.05, 3)
        (l1, u1), (l2, u2) = (wilson(np.array(x), np.array(k), q) for x, k in ((a, n), (b, m)))
        (low,), (high,) = mover_share(
            np.array([a]), (l1[None], u1[None]), np.array([b]), (l2[None], u2[None]), np.zeros(1)
        )
        assert 0 <= low <= a / (a + b) <= high <= 1
        if 2 * a > u1 and 2 * b > u2:
            # Donner and Zou 2012, eq. 7: limits of b / a from those of both.
            under = l2 * u1 * (2 * b - l2) * (2 * a - u1)
            over = u2 * l1 * (2 * b - u2) * (2 * a - l1)
            least = (a * b - np.sqrt((a * b) ** 2 - under)) / (u1 * (2 * a - u1))
            most = (a * b + np.sqrt((a * b) ** 2 - over)) / (l1 * (2 * a - l1))
            assert (low, high) == pytest.approx((1 / (1 + most), 1 / (1 + least)), abs=1e-9)
            compared += 1
    assert compared > 100


def test_limits_exist_where_nobody_is_wrong() -> None:
    y = np.repeat([1, 0], [20, 50])
    found = at(BinaryScores(y, y * 0.8 + 0.1, 0.5), 0.05)
    for metric, one in found.items():
        low, high = one.limits(np.arange(1), 1.96)
        assert low[0] < high[0], metric
    low, high = found["positive_predictive_value"].limits(np.arange(1), 1.96)
    assert high[0] == 1
    assert 0.2 < low[0] < 0.6


def test_p_is_below_a_level_exactly_where_the_interval_excludes_zero() -> None:
    rng, n = np.random.default_rng(0), np.full(200, 40.0)
    a, b = rng.random(200), rng.random(200)
    first, second = Side(a, lambda q: wilson(a, n, q)), Side(b, lambda q: wilson(b, n, q))
    found = differences(first, second, np.zeros(200), np.ones(200, dtype=bool), Settings())
    for kind in ("", "_adjusted"):
        outside = (found[f"low{kind}"] > 0) | (found[f"high{kind}"] < 0)
        assert ((found[f"p{kind}"] < 0.05) == outside).all()
    assert (found["p_adjusted"] >= found["p"]).all()


@pytest.mark.parametrize("prevalence", [0.02, 0.3, 0.9])
def test_the_calibration_slope_is_the_same_at_every_prevalence(prevalence: float) -> None:
    # Each score once as a positive and once as a negative, weighing as often as they occur.
    score = np.linspace(0.02, 0.98, 97)
    odds = 0.4 + 0.7 * np.log(score / (1 - score))
    share = 1 / (1 + np.exp(-odds))
    y, score = np.repeat([1, 0], 97), np.tile(score, 2)
    occurs = np.concatenate([share, 1 - share])
    positives = share.mean()
    there = occurs * np.where(y == 1, prevalence / positives, (1 - prevalence) / (1 - positives))
    assert fit_slope(y, score, occurs).value == pytest.approx(0.7)
    assert fit_slope(y, score, there).value == pytest.approx(0.7)
    moved = fit_intercept(y, score, there).value - fit_intercept(y, score, occurs).value
    assert np.sign(moved) == np.sign(prevalence - positives)
