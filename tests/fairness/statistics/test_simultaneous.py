"""What joint limits say of maxima, spreads and norms."""

import numpy as np
import pytest

from fairness.statistics.simultaneous import (
    largest_difference,
    norm_limits,
    quantiles,
    spread_limits,
)


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


def test_quantiles_need_defined_replicates() -> None:
    values = np.arange(100.0)
    assert quantiles(values, 0.5) == pytest.approx(49.5)
    values[:6] = np.nan
    assert np.isnan(quantiles(values, 0.5))
    assert np.isnan(quantiles(np.array([]), 0.5))
