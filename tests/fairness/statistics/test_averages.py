"""Influences and joint variances against differences, the jackknife and one number alone."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fairness.statistics.averages import (
    Term,
    average_precision_influence,
    averaged,
    mean_term,
    pooled_variance,
)


@pytest.mark.parametrize("decimals", [1, 9])  # many ties, and none
def test_influence_on_average_precision_is_its_derivative(decimals: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 40)
    score = np.round(rng.normal(y, 1.0), decimals)
    value, moved = average_precision_influence(y, score)
    assert value == pytest.approx(average_precision_score(y, score), abs=1e-12)
    step = 1e-5
    for i in range(40):
        weights = np.ones(40)
        weights[i] += step
        more = average_precision_score(y, score, sample_weight=weights)
        assert moved[i] == pytest.approx((more - value) / step, abs=1e-5)


def test_average_precision_without_a_positive_is_undefined() -> None:
    value, moved = average_precision_influence(np.zeros(3, dtype=np.int64), np.arange(3.0))
    assert np.isnan(value)
    assert np.isnan(moved).all()


def test_labels_that_move_together_or_against_each_other() -> None:
    moved = np.array([0.1, -0.1, 0.05, -0.05])
    units = np.arange(4)
    one, same = Term(moved, 0.01, 20.0), Term(moved, 0.04, 5.0)
    found = averaged([one, same], units)
    assert found.variance == pytest.approx(((0.1 + 0.2) / 2) ** 2)  # correlation 1
    assert found.patients == pytest.approx(2 / (1 / 20 + 1 / 5))
    against = averaged([one, Term(-moved, 0.04, 5.0)], units)
    # They cancel but for 4 patients in 12: 8 is the harmonic mean.
    assert against.variance == pytest.approx(4 / 12 * (0.01 + 0.04) / 4)
    still = averaged([one, Term(np.zeros(4), 0.04, 5.0)], units)  # nothing is known of how
    assert still.variance == pytest.approx((0.01 + 0.04) / 4)
    np.testing.assert_allclose(found.moved, moved)


def test_patients_are_counted_once_whatever_their_cases() -> None:
    units, values = np.repeat(np.arange(10), 3), np.repeat(np.linspace(0, 1, 10), 3)
    every = np.ones(30, dtype=bool)
    of_patients = mean_term(values[::3], every[::3], np.arange(10))
    found = mean_term(values, every, units)
    assert found.variance == pytest.approx(of_patients.variance)
    assert found.patients == 10


def test_a_mean_of_no_case_is_undefined() -> None:
    found = mean_term(np.zeros(3), np.zeros(3, dtype=bool), np.arange(3))
    assert np.isnan(found.variance)
    assert averaged([found, found], np.arange(3)).patients == 0


def test_pooled_cases_are_worth_as_many_as_they_move_apart() -> None:
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(400), 5)
    apart, alike = rng.random(2000), np.repeat(rng.random(400), 5)
    # Few cases more of a model hardly count among 400 patients.
    assert pooled_variance(apart, units) == pytest.approx(apart.var() / 2000, rel=0.1)
    assert pooled_variance(alike, units) == pytest.approx(alike.var() / 400, rel=0.1)
    assert pooled_variance(np.full(20, 0.3), np.repeat(np.arange(4), 5)) > 0.01
