"""Joint quantiles against Tukey's distribution; p-values that agree with them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, studentized_range

from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.statistics.binary import BinaryScores
from fairness.statistics.gaps import compared_groups
from fairness.statistics.joint import DRAWS, joint_p, joint_quantile, largest_draws
from fairness.statistics.sampled_grouping import sample_grouping
from fairness.statistics.settings import Settings

Q = float(norm.ppf(0.975))
SETTINGS = Settings(replicates=100, suppress_below=0)


def equal_groups(groups: int, patients: Any = None) -> Any:
    """Groups with the same cases, compared in their AUC only."""
    rng = np.random.default_rng(1)
    y, score = np.tile(rng.integers(0, 2, 60), groups), np.tile(rng.random(60), groups)
    codes = np.repeat(np.arange(groups), 60)
    attribute = Attribute("group", tuple(map(str, range(groups))))
    units = np.arange(len(y)) if patients is None else patients
    grouping = sample_grouping(
        BinaryScores(y, score, 0.5), units, plain(attribute, codes), SETTINGS
    )
    pairs = compared_groups(grouping)
    auc = [m.name for m in grouping.sampled.measures.metrics].index("auc")
    return grouping.sampled, pairs.take(pairs.metric == auc)


@pytest.mark.parametrize("groups", [3, 6, 12])
def test_joint_quantile_of_equal_groups_is_tukeys(groups: int) -> None:
    sampled, pairs = equal_groups(groups)
    draws = largest_draws(sampled, pairs, "group")
    expected = studentized_range.ppf(0.95, groups, np.inf) / np.sqrt(2)
    assert len(draws) == DRAWS
    assert joint_quantile(draws, 0.95, Q) == pytest.approx(expected, abs=0.03)
    p = float(joint_p(draws, np.array([expected]))[0])
    assert p == pytest.approx(0.05, abs=0.005)


def test_a_single_pair_needs_no_draw() -> None:
    sampled, pairs = equal_groups(2)
    draws = largest_draws(sampled, pairs, "group")
    assert joint_quantile(draws, 0.95, Q) == Q
    p = joint_p(draws, np.array([1.5, np.nan]))
    assert p[0] == pytest.approx(2 * norm.sf(1.5))
    assert np.isnan(p[1])


def test_groups_of_the_same_patients_need_a_smaller_quantile() -> None:
    """Correlated values differ less: draws of the same people in every group lie closer."""
    sampled, pairs = equal_groups(3)
    apart = largest_draws(sampled, pairs, "group")
    together = replace(pairs, correlation=np.array([0.95, 0.0, 0.0]))
    moved = largest_draws(sampled, together, "group")
    assert abs(joint_quantile(apart, 0.95, 0.0) - joint_quantile(moved, 0.95, 0.0)) > 0.01


def test_p_is_below_alpha_exactly_beyond_the_quantile() -> None:
    draws = np.sort(np.abs(np.random.default_rng(0).normal(3, 1, DRAWS)))
    for alpha in (0.05, 0.1, 0.013):
        q = joint_quantile(draws, 1 - alpha, 0.0)
        near = np.array([np.nextafter(q, 0), q, np.nextafter(q, 9)])
        assert (joint_p(draws, near) < alpha).tolist() == [False, False, True]


def test_the_seed_decides_the_draws() -> None:
    sampled, pairs = equal_groups(3)
    same = largest_draws(sampled, pairs, "group")
    np.testing.assert_array_equal(same, largest_draws(sampled, pairs, "group"))
    assert (same != largest_draws(sampled, pairs, "another")).any()
