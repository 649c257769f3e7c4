"""A threshold chosen on other people: by hand, by enumeration, and against the delta method."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import precision_score, recall_score

from audit.threshold import choose
from fairness.arrays import FloatArray, IntArray
from fairness.statistics.differences import Side, differences
from fairness.statistics.intervals import Limits, mover_difference, wilson
from fairness.statistics.redrawn import (
    RATES,
    moved_by,
    rates_at,
    redrawn_thresholds,
    trials_with,
)
from fairness.statistics.settings import Settings
from fairness.youden import youden_threshold


def test_thresholds_are_those_of_every_draw_of_three_patients() -> None:
    y, score, patients = np.array([0, 1, 1, 0]), np.array([0.2, 0.4, 0.9, 0.5]), [3, 7, 7, 9]
    rows = {3: [0], 7: [1, 2], 9: [3]}
    expected = []
    for drawn in itertools.product(rows, repeat=3):
        chosen = [row for patient in drawn for row in rows[patient]]
        both = 0 < y[chosen].sum() < len(chosen)
        expected.append(youden_threshold(y[chosen], score[chosen]) if both else np.nan)
    found = redrawn_thresholds(youden_threshold, y, score, np.array(patients), 4000, 0)
    for value in set(expected):
        alike = [np.isclose(one, value, equal_nan=True) for one in expected]
        seen = np.isclose(found, value, equal_nan=True).mean()
        assert seen == pytest.approx(np.mean(alike), abs=0.03)


def test_rates_are_sklearn_s_at_every_threshold() -> None:
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 60), rng.integers(0, 9, 60) / 8
    thresholds = np.array([0.0, 0.5, 0.51, 2.0, np.nan])
    found = rates_at(y, score, thresholds)
    for k, t in enumerate(thresholds[:3]):
        decided = (score >= t).astype(int)
        by_hand = (
            recall_score(y, decided),
            1 - recall_score(y, decided, pos_label=0),
            precision_score(y, decided),
            decided.mean(),
            (decided == y).mean(),
        )
        assert [found[name][k] for name in RATES] == pytest.approx(by_hand)
    assert np.isnan(found["positive_predictive_value"][3])  # nobody is decided so
    assert found["selection_rate"][3] == 0
    assert all(np.isnan(of_rate[4]) for of_rate in found.values())


def test_the_choice_moves_a_rate_as_the_delta_method_says() -> None:
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], [2000, 2000])
    score = y * 1.5 + rng.normal(size=4000)

    def by_specificity(target: IntArray, of_target: FloatArray) -> float:
        return choose(target, of_target, "specificity:0.9")

    thresholds = redrawn_thresholds(by_specificity, y, score, np.arange(4000), 300, 0)
    t = norm.ppf(0.9)
    error = np.sqrt(0.9 * 0.1 / 2000) / norm.pdf(t)  # of a quantile
    large = np.repeat([0, 1], [10, 200_000])
    rates = rates_at(large, large * 1.5 + rng.normal(size=len(large)), thresholds)
    moved = np.nanstd(rates["true_positive_rate"])
    assert moved == pytest.approx(norm.pdf(t - 1.5) * error, rel=0.2)


def test_an_endless_validation_sample_leaves_the_fixed_intervals() -> None:
    share, n, zero = np.array([0.0, 0.3, 1.0]), np.array([20.0, 50.0, 9.0]), np.zeros(3)
    assert trials_with(share, n, zero) == pytest.approx(n)
    likely = (share * n + 1) / (n + 2)
    by_hand = 1 / (1 / n + 0.01 / (likely * (1 - likely)))
    assert trials_with(share, n, zero + 0.01) == pytest.approx(by_hand)
    turned = share[::-1]

    def of_turned(q: FloatArray | float) -> Limits:
        return wilson(turned, n, q)

    first, second = Side(share, lambda q: wilson(share, n, q)), Side(turned, of_turned)
    tested = np.ones(3, dtype=bool)
    plainly, never, moved = (
        differences(first, second, zero, tested, Settings(), further)
        for further in (0.0, zero, zero + 0.01)
    )
    for name, column in plainly.items():
        assert (never[name] == column).all()
    low, high = mover_difference(share, first.limits(1.96), turned, second.limits(1.96), zero)
    value = share - share[::-1]
    assert moved["low"] == pytest.approx(value - np.hypot(value - low, 0.196), abs=1e-4)
    assert moved["high"] == pytest.approx(value + np.hypot(high - value, 0.196), abs=1e-4)
    assert ((moved["p"] < 0.05) == ((moved["low"] > 0) | (moved["high"] < 0))).all()


def test_a_number_that_is_often_undefined_has_no_spread() -> None:
    assert moved_by(np.array([0.1, 0.3]), 0.2) == pytest.approx(0.01)
    assert np.isnan(moved_by(np.array([0.1, np.nan]), 0.2))
