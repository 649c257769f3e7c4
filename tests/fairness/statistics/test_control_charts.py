"""Control charts: the limit against published run lengths and a simulation, and the changes."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import recursive_olsresiduals

from fairness.arrays import FloatArray
from fairness.statistics.change_points import Readings, charted, trials_of
from fairness.statistics.control_limit import REFERENCE, control_limit, passing, transitions
from fairness.statistics.intervals import wilson


def run_length(limit: float) -> float:
    """Average number of runs until a one-sided chart passes the limit without a change."""
    matrix = transitions(limit)
    return float(np.linalg.solve(np.eye(len(matrix)) - matrix, np.ones(len(matrix)))[0])


@pytest.mark.parametrize(("limit", "two_sided"), [(4.0, 168.0), (5.0, 465.0)])
def test_run_lengths_are_the_published_ones(limit: float, two_sided: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, table of k = 0.5; Siegmund's
    approximation for one side."""
    assert run_length(limit) / 2 == pytest.approx(two_sided, rel=0.003)
    moved = limit + 1.166
    siegmund = (np.exp(moved) - moved - 1) / (2 * REFERENCE**2)
    assert run_length(limit) == pytest.approx(siegmund, rel=0.02)


def test_the_limit_is_passed_as_often_as_it_says() -> None:
    runs, times, allowed = 30, 40_000, 0.05
    limit = control_limit(allowed, runs, 1)
    assert 2 * passing(limit, runs) == pytest.approx(allowed, abs=1e-5)
    z = np.random.default_rng(0).normal(size=(times, runs))
    up = down = np.zeros(times)
    passed = np.zeros(times, dtype=bool)
    for i in range(runs):
        up = np.maximum(0, up + z[:, i] - REFERENCE)
        down = np.maximum(0, down - z[:, i] - REFERENCE)
        passed |= np.maximum(up, down) > limit
    assert passed.mean() == pytest.approx(allowed, abs=3 * np.sqrt(0.05 * 0.95 / times) + 0.001)
    assert limit < control_limit(allowed, runs, 7) < control_limit(allowed / 5, runs, 7)


def test_trials_are_those_of_the_interval() -> None:
    share, n = np.array([0.0, 0.2, 0.5, 0.97, 1.0]), np.array([12.0, 30, 55.5, 400, 70])
    low, high = wilson(share, n, 2.1)
    np.testing.assert_allclose(trials_of(share, low, high, 2.1), n, rtol=1e-9)


def test_residuals_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    value, error = rng.normal(size=25), rng.uniform(0.5, 2, 25)
    readings = Readings(value, error**-2, share=False)
    chart = charted([readings], limit=1e9)
    # Divided by its error, a constant level is a regression on 1 / error with unit variance.
    fit = sm.OLS(value / error, 1 / error).fit()
    expected = recursive_olsresiduals(fit)[4]
    np.testing.assert_allclose(chart.z[1:], expected[1:], rtol=1e-9)
    assert np.isnan(chart.z[0])


def steps(rng: np.random.Generator, n: int, change: int, by: float) -> FloatArray:
    return np.asarray(0.02 * rng.normal(size=n) + np.where(np.arange(n) >= change, 0.7 + by, 0.7))


def test_a_change_is_found_placed_and_charted_anew() -> None:
    rng = np.random.default_rng(2)
    trials = np.full(40, 0.21 / 0.02**2)
    a = Readings(steps(rng, 40, 15, -0.08), trials, share=True)
    b = Readings(steps(rng, 40, 40, 0.0), trials, share=True)
    a.value[[3, 20]] = np.nan  # hidden in two runs
    limit = control_limit(0.05, 40, 3)
    for chart in (charted([a], limit), charted([a, b], limit)):
        (alarm,) = chart.alarms
        assert (alarm.since, alarm.up) == (15, False)
        assert 16 <= alarm.run <= 19
        assert chart.down[alarm.run] > limit
        assert np.isnan([chart.z[i] for i in (0, 3, 20, alarm.run + 1)]).all()
    assert charted([b], limit).alarms == ()


def test_a_share_that_is_1_in_every_run_is_no_change() -> None:
    chart = charted([Readings(np.ones(5), np.full(5, 30.0), share=True)], limit=4.0)
    assert chart.z[1:].tolist() == [0.0] * 4
    assert chart.alarms == ()
