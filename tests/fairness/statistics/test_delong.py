"""DeLong's variance against the kernel matrix of its definition, and against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.arrays import Array
from fairness.metrics.classification import auc
from fairness.statistics.delong import delong, placements


def by_definition(y: Array, score: Array) -> tuple[float, float]:
    """The structural components, pair by pair."""
    positive, negative = score[y == 1], score[y == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    s10, s01 = wins.mean(1).var(ddof=1), wins.mean(0).var(ddof=1)
    return wins.mean(), s10 / len(positive) + s01 / len(negative)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=4, max_size=60))
def test_equals_its_definition_ties_included(cases: list[tuple[bool, int]]) -> None:
    y = np.array([positive for positive, _ in cases], dtype=int)
    score = np.array([score for _, score in cases]) / 6
    value, variance = delong(y, score)
    assert value == pytest.approx(auc(y, score), abs=1e-12, nan_ok=True)
    enough = 2 <= y.sum() <= len(y) - 2
    expected = by_definition(y, score) if enough else (value, np.nan)
    assert (value, variance) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_variance_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 40])
    draws = [delong(y, rng.normal(y, 1)) for _ in range(2000)]
    values, variances = np.array(draws).T
    assert variances.mean() == pytest.approx(values.var(ddof=1), rel=0.08)


def test_placements_are_shares_below() -> None:
    np.testing.assert_allclose(
        placements(np.array([0, 1, 2, 5]), np.array([1, 2, 3])), [0, 1 / 6, 0.5, 1]
    )
