"""Whether anything was learned: limits against other formulas, and what is said about them."""

import logging

import numpy as np
import pytest
from scipy import stats

from fairness.arrays import Array
from fairness.statistics.delong import delong
from fairness.statistics.intervals import auc_score_interval
from training.learned import auc_limits, mean_limits, say_auc, say_dice


def scored_cases(n: int, shift: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return labels, rng.normal(shift * labels)


def test_limits_of_single_images_are_those_of_the_audit() -> None:
    labels, scores = scored_cases(80, 1.0, 1)
    auc, variance = delong(labels, scores)
    quantile = stats.norm.ppf(0.975)
    each = np.array(40.0)
    limits = auc_score_interval(np.array(auc), np.array(variance), each, each, quantile)
    expected = [float(limit) for limit in limits]
    assert list(auc_limits(labels, scores, np.arange(80), 1)) == pytest.approx(expected, abs=2e-3)


def test_images_that_repeat_a_patient_tell_nothing_new() -> None:
    labels, scores = scored_cases(40, 0.8, 2)
    once = auc_limits(labels, scores, np.arange(40), 1)
    labels, scores, people = (np.repeat(column, 5) for column in (labels, scores, np.arange(40)))
    assert auc_limits(labels, scores, people, 1) == pytest.approx(once)
    assert auc_limits(labels, scores, np.arange(200), 1)[0] > once[0]


def test_without_an_effect_the_best_of_many_epochs_is_seldom_told_from_chance() -> None:
    rng = np.random.default_rng(3)
    labels, people = np.arange(60) % 2, np.arange(60)
    told = {1: 0, 10: 0}
    for _ in range(200):
        epochs = rng.normal(size=(10, 60))
        wins = (epochs[:, 1::2, None] > epochs[:, None, ::2]).mean((1, 2))
        best = epochs[wins.argmax()]
        for tries in told:
            told[tries] += auc_limits(labels, best, people, tries)[0] > 0.5
    assert told[1] > 20  # what a single interval would say of the best of ten
    assert told[10] <= 11


@pytest.mark.parametrize(
    ("limits", "level", "said"),
    [
        ((0.61, 0.9), logging.INFO, "above 0.5, so something was learned"),
        ((0.4, 0.9), logging.WARNING, "does not show that anything was learned"),
        ((0.1, 0.45), logging.WARNING, "check whether the classes are swapped"),
    ],
)
def test_the_last_line_says_what_validation_shows(
    limits: tuple[float, float], level: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "training"):
        say_auc(0.7, limits, 12, "epochs")
    (record,) = caplog.records
    assert record.levelno == level
    assert said in record.getMessage()
    assert f"[{limits[0]:.3f}, {limits[1]:.3f}] as the best of 12 epochs" in record.getMessage()


def test_limits_of_a_mean_are_students() -> None:
    values = np.random.default_rng(4).normal(0.3, 1.0, 30)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert mean_limits(values, np.arange(30), 1) == pytest.approx((expected.low, expected.high))
    twice = np.repeat(values, 2), np.repeat(np.arange(30), 2)
    assert mean_limits(*twice, 1) == pytest.approx((expected.low, expected.high))
    assert mean_limits(values, np.zeros(30), 1) == (-np.inf, np.inf)


@pytest.mark.parametrize(("gain", "level"), [(0.2, logging.INFO), (0.0, logging.WARNING)])
def test_dice_must_beat_a_constant_mask(
    gain: float, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(5)
    constant = rng.uniform(0.4, 0.6, 20)
    with caplog.at_level(logging.INFO, "training"):
        say_dice("cup", constant + gain + rng.normal(0, 0.02, 20), constant, np.arange(20), 5)
    (record,) = caplog.records
    assert record.levelno == level
