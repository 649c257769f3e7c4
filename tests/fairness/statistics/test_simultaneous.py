"""Joint limits against Tukey's distribution, and what they say of maxima and norms."""

import numpy as np
import pytest
from scipy.stats import norm, studentized_range

from fairness.statistics.simultaneous import (
    equity_scaled_limits,
    joint_quantile,
    largest_difference,
    norm_limits,
    quantiles,
    spread_limits,
)

Q = norm.ppf(0.975)


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_joint_quantile_of_equal_groups_is_tukeys(groups: int) -> None:
    means = np.random.default_rng(0).normal(size=(groups, 200_000))
    a, b = np.triu_indices(groups, k=1)
    expected = studentized_range.ppf(0.95, groups, np.inf) / np.sqrt(2)
    assert joint_quantile(means[a] - means[b], 0.95, 0.0) == pytest.approx(expected, abs=0.01)


def test_joint_quantile_is_never_below_that_of_one_interval() -> None:
    errors = np.random.default_rng(1).normal(size=(1, 200))
    assert joint_quantile(np.clip(errors, -1, 1), 0.95, Q) == Q
    assert joint_quantile(np.zeros((2, 200)), 0.95, Q) == Q
    assert joint_quantile(np.zeros((0, 200)), 0.95, Q) == Q


def test_largest_difference_inherits_the_bounds_of_the_pairs() -> None:
    assert largest_difference(np.array([-0.1, -0.05]), np.array([0.2, 0.1])) == (0, 0.2)
    assert largest_difference(np.array([-0.3, -0.1]), np.array([-0.05, 0.1])) == (0.05, 0.3)
    assert largest_difference(np.array([0.02, 0.1]), np.array([0.3, 0.4])) == (0.1, 0.4)


def test_spread_is_made_of_all_differences() -> None:
    values = np.array([0.9, 0.8, 0.5, 0.6])
    a, b = np.triu_indices(4, k=1)
    exact = values[a] - values[b]
    assert spread_limits(exact, exact, 4) == pytest.approx((values.std(), values.std()))
    assert spread_limits(exact - 0.5, exact + 0.5, 4)[0] == 0
    assert spread_limits(exact - 0.1, exact + 0.1, 4)[1] > values.std()


def test_norm_limits_hold_a_norm_that_is_truly_0() -> None:
    """The estimate is always above 0, yet 0 lies inside in 95 % of the cases."""
    rng = np.random.default_rng(2)
    held = []
    for _ in range(500):
        estimate = rng.normal(size=3)
        replicates = rng.normal(size=(3, 400))
        low, _ = norm_limits(estimate.std(), replicates.std(0), 0.95)
        held.append(low == 0)
    assert np.mean(held) == pytest.approx(0.95, abs=0.03)


def test_equity_scaled_limits_hold_the_truth_and_reach_it_without_gaps() -> None:
    rng = np.random.default_rng(3)
    spread, held = 0.04, []
    for truth in (np.array([0.8, 0.8, 0.8]), np.array([0.85, 0.8, 0.75])):
        expected = truth.mean() / (1 + np.abs(truth - truth.mean()).sum())
        for _ in range(400):
            values = truth + spread * rng.normal(size=3)
            moved = spread * rng.normal(size=(3, 400))
            low, high = equity_scaled_limits(values.mean(), values, moved.mean(0), moved, 0.95)
            held.append(low <= expected <= high)
    assert np.mean(held[:400]) > 0.93
    assert np.mean(held[400:]) > 0.93


def test_no_limits_where_a_group_is_often_undefined() -> None:
    rng = np.random.default_rng(4)
    moved = rng.normal(size=(2, 200))
    moved[1, :30] = np.nan
    values, overall = np.array([0.8, 0.7]), np.zeros(200)
    assert np.isnan(equity_scaled_limits(0.75, values, overall, moved, 0.95)).all()
    assert np.isnan(norm_limits(0.1, moved.std(0), 0.95)).all()


def test_quantiles_need_defined_replicates() -> None:
    values = np.arange(100.0)
    assert quantiles(values, 0.5) == pytest.approx(49.5)
    values[:6] = np.nan
    assert np.isnan(quantiles(values, 0.5))
    assert np.isnan(quantiles(np.array([]), 0.5))
