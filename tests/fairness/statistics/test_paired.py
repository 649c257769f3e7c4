"""Discordant cases and pairs against counting, and variances of patients against simulation."""

import numpy as np
import pytest

from fairness.statistics.delong import delong, influence, variance_of
from fairness.statistics.paired import change_variance, discordant_cases, discordant_pairs

RNG = np.random.default_rng


def test_discordant_cases_are_counted() -> None:
    new, old = np.array([1.0, 1, 0, 0, 1, 1]), np.array([0.0, 1, 1, 0, 0, 1])
    assert discordant_cases(new, old, np.arange(6)) == (2 / 6, 1 / 6, 6)
    thrice = (np.repeat(x, 3) for x in (new, old, np.arange(6)))
    gained, lost, n = discordant_cases(*thrice)
    assert (gained, lost) == (2 / 6, 1 / 6)
    assert 6 <= n < 7.5  # three images of a patient who all change are one patient


def test_discordant_pairs_are_counted_ties_one_half() -> None:
    rng = RNG(0)
    y = np.repeat([1, 0], [12, 20])
    new, old = rng.integers(0, 5, 32).astype(float), rng.integers(0, 5, 32).astype(float)
    won = [np.sign(s[:12, None] - s[None, 12:]) / 2 for s in (new, old)]
    moved = won[0] - won[1]
    gained, lost, n = discordant_pairs(y, new, old, np.arange(32), RNG(1))
    assert gained == pytest.approx(np.maximum(moved, 0).mean())
    assert lost == pytest.approx(np.maximum(-moved, 0).mean())
    assert gained - lost == pytest.approx(delong(y, new)[0] - delong(y, old)[0])
    assert n >= 12


def test_an_unchanged_ranking_is_worth_the_rarer_class() -> None:
    y, score = np.repeat([1, 0], [12, 20]), RNG(0).random(32)
    assert discordant_pairs(y, score, score, np.arange(32), RNG(1)) == (0, 0, 12)
    assert np.isnan(discordant_pairs(y * 0, score, score, np.arange(32), RNG(1))).all()


@pytest.mark.parametrize("images", [1, 3])
def test_variance_of_an_auc_is_that_over_samples_of_patients(images: int) -> None:
    """Obuchowski's variance, which for one image a patient is DeLong's."""
    rng, values, variances = RNG(0), [], []
    units = np.repeat(np.arange(60), images)
    for _ in range(800):
        y = np.repeat(rng.random(60) < 0.5, images) ^ (rng.random(60 * images) < 0.2)
        score = y + np.repeat(rng.normal(size=60), images) + rng.normal(size=60 * images)
        auc, moved = influence(y.astype(int), score)
        values.append(auc)
        variances.append(variance_of(moved, y.astype(int), units))
    assert np.mean(variances) == pytest.approx(np.var(values), rel=0.15)


def test_variance_of_a_change_is_that_over_samples_of_patients() -> None:
    rng, means, variances = RNG(1), [], []
    units = np.repeat(np.arange(40), 2)
    for _ in range(800):
        new = np.repeat(rng.normal(size=40), 2) + rng.normal(size=80)
        means.append(new.mean())
        variances.append(change_variance(new, np.zeros(80), units))
    assert np.mean(variances) == pytest.approx(np.var(means), rel=0.15)
    assert np.isnan(change_variance(np.ones(2), np.zeros(2), np.zeros(2, dtype=np.int64)))
