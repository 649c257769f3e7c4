"""Limits of equity-scaled values hold the truth, at the boundary too."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from fairness.metrics.disparity import equity_scaled
from fairness.statistics.equity_scaled import equity_scaled_low, equity_scaled_range
from fairness.statistics.intervals import clopper_pearson, wilson

SIDAK = float(norm.ppf(0.5 + 0.95**0.5 / 2))


def test_two_separated_groups_of_12_are_not_sure_to_be_perfect() -> None:
    ones, n = np.ones(2), np.array([12.0, 12.0])
    low, high = wilson(ones, n, 1.96)
    assert low[0] == pytest.approx(0.758, abs=1e-3)
    least = equity_scaled_low(1.0, ones, low, high, np.full(2, 0.5))
    joint = clopper_pearson(ones, n, SIDAK)
    least_overall = float(wilson(ones[:1], n[:1] + n[1:], 1.96)[0][0])
    _, most = equity_scaled_range((least_overall, 1.0), *joint)
    assert least == pytest.approx(0.71, abs=0.005)
    assert least < low[0]
    assert most == 1.0


def test_limits_hold_the_truth() -> None:
    """Accuracies of three groups with known truth, from small to middling groups."""
    rng = np.random.default_rng(3)
    for truth, n in (((0.8, 0.8, 0.8), 40), ((0.98, 0.98, 0.98), 20), ((0.9, 0.8, 0.7), 60)):
        held = []
        expected = equity_scaled(float(np.mean(truth)), np.array(truth))
        joint_q = float(norm.ppf(0.5 + 0.95 ** (1 / 3) / 2))
        for _ in range(300):
            values = rng.binomial(n, truth) / n
            sizes, overall = np.full(3, float(n)), float(values.mean())
            low, high = wilson(values, sizes, 1.96)
            least = equity_scaled_low(overall, values, low, high, np.full(3, 1 / 3))
            of_all = clopper_pearson(np.array([overall]), np.array([3.0 * n]), joint_q)
            ends = (float(of_all[0][0]), float(of_all[1][0]))
            _, most = equity_scaled_range(ends, *clopper_pearson(values, sizes, joint_q))
            held.append(least <= expected <= most)
            assert least <= equity_scaled(overall, values) <= most
        assert np.mean(held) > 0.93


def test_a_range_equals_a_search() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        low = rng.uniform(0.5, 0.9, 3)
        high = low + rng.uniform(0, 0.1, 3)
        ends = np.sort(rng.uniform(0.5, 1.0, 2))
        least, most = equity_scaled_range((float(ends[0]), float(ends[1])), low, high)
        groups = np.stack([*product(*np.linspace(low, high, 9).T)])
        overall = np.linspace(ends[0], ends[1], 41)[:, None]
        found = overall / (1 + np.abs(groups[None] - overall[:, :, None]).sum(-1))
        assert least - 1e-12 <= found.min() <= least + 0.02
        assert most - 0.02 <= found.max() <= most + 1e-12
