"""The fast replicates of a binary classifier against the definitions of `fairness.metrics`."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap

from fairness.arrays import IntArray
from fairness.metrics import classification as c
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.bootstrap import resample, resampled_variance
from fairness.statistics.recalibration import fit_intercept, fit_slope

NAMES = frozenset(metric.name for metric in METRICS)
OF_SCORES: dict[str, Any] = {
    "auc": c.auc,
    "average_precision": c.average_precision,
    "brier_score": c.brier_score,
}


def scores(n: int = 200, seed: int = 0, decimals: int = 2) -> tuple[BinaryScores, IntArray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    score = np.clip(np.round(rng.normal(0.4 + 0.2 * y, 0.2), decimals), 0.01, 0.99)
    return BinaryScores(y, score, 0.5), rng.multinomial(n, np.full(n, 1 / n), 40).T


@pytest.mark.parametrize("decimals", [1, 2, 9])  # from many ties to none
def test_replicates_equal_the_definitions(decimals: int) -> None:
    measures, weights = scores(decimals=decimals)
    rows = np.arange(len(measures.positive))
    found = measures.replicator(rows, NAMES)(weights.astype(np.float32))
    y, score = measures.positive, measures.score
    predicted = (score >= 0.5).astype(int)
    for name, metric in {**c.SHARES, **OF_SCORES}.items():
        other = score if name in OF_SCORES else predicted
        expected = [metric(np.repeat(y, w), np.repeat(other, w)) for w in weights.T]
        np.testing.assert_allclose(found[name], expected, rtol=2e-5, err_msg=name)


def test_values_are_the_definitions_and_weights_of_1_reproduce_them() -> None:
    measures, _ = scores()
    rows = np.flatnonzero(np.arange(200) % 3)
    values = dict(zip([m.name for m in METRICS], measures.values(rows), strict=True))
    y, score = measures.positive[rows], measures.score[rows]
    assert values["auc"] == c.auc(y, score)
    assert values["true_positive_rate"] == c.true_positive_rate(y, (score >= 0.5).astype(int))
    assert values["calibration_slope"] == fit_slope(y, score).value
    assert values["calibration_intercept"] == fit_intercept(y, score).value
    found = measures.replicator(rows, NAMES)(np.ones((len(rows), 1), dtype=np.float32))
    assert found.pop("calibration_error")[0] == pytest.approx(0, abs=1e-6)  # how far it moved
    for name, replicate in found.items():
        assert replicate[0] == pytest.approx(values[name], rel=1e-4), name


def test_a_subset_of_names_gives_the_same_replicates() -> None:
    measures, weights = scores()
    rows, drawn = np.arange(200), weights.astype(np.float32)
    everything = measures.replicator(rows, NAMES)(drawn)
    for names in ({"auc"}, {"accuracy"}, {"auc", "selection_rate"}):
        some = measures.replicator(rows, frozenset(names))(drawn)
        for name in names:
            np.testing.assert_array_equal(some[name], everything[name])


def test_denominators() -> None:
    measures, _ = scores()
    rows = np.arange(200)
    y, predicted = measures.positive, measures.score >= 0.5
    among = dict(zip([m.name for m in METRICS], measures.among(rows), strict=True))
    np.testing.assert_array_equal(among["true_positive_rate"], y == 1)
    np.testing.assert_array_equal(among["true_negative_rate"], y == 0)
    np.testing.assert_array_equal(among["positive_predictive_value"], predicted)
    np.testing.assert_array_equal(among["negative_predictive_value"], ~predicted)
    assert among["accuracy"].all()
    assert among["auc"].all()


@pytest.mark.parametrize("name", ["auc", "average_precision", "positive_predictive_value"])
def test_standard_error_is_that_of_scipys_bootstrap(name: str) -> None:
    measures, _ = scores(120)
    rng = np.random.default_rng(1)
    y, score = measures.positive, measures.score
    other = score if name in OF_SCORES else (score >= 0.5).astype(int)
    oracle = bootstrap(
        (y, other),
        {**c.SHARES, **OF_SCORES}[name],
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=rng,
    ).standard_error
    weights = resample(np.arange(120), np.zeros(120, dtype=int), 4000, rng)
    replicates = measures.replicator(np.arange(120), NAMES)(weights)[name]
    ours = np.sqrt(resampled_variance(replicates[None], np.array([120.0])))[0]
    assert ours == pytest.approx(oracle, rel=0.08)


def test_no_case_is_undefined_not_an_error() -> None:
    measures, _ = scores()
    nothing = np.array([], dtype=int)
    assert np.isnan(measures.values(nothing)).all()
    found = measures.replicator(nothing, NAMES)(np.zeros((0, 3), dtype=np.float32))
    assert all(np.isnan(replicates).all() for replicates in found.values())


def test_decisions_stand_in_place_of_the_threshold() -> None:
    measures, weights = scores()
    rows = np.arange(200)
    decided = np.random.default_rng(1).random(200) < 0.3
    found = replace(measures, threshold=np.nan, decided=decided)
    values = dict(zip([m.name for m in METRICS], found.values(rows), strict=True))
    assert values["selection_rate"] == decided.mean()
    assert values["true_positive_rate"] == decided[measures.positive == 1].mean()
    assert values["auc"] == c.auc(measures.positive, measures.score)
    among = dict(zip([m.name for m in METRICS], found.among(rows), strict=True))
    np.testing.assert_array_equal(among["positive_predictive_value"], decided)
    replicate = found.replicator(rows, NAMES)(weights.astype(np.float32))["selection_rate"]
    np.testing.assert_allclose(replicate, weights.T @ decided / 200, rtol=2e-5)


@pytest.mark.parametrize(("alike", "said"), [(True, "every case"), (False, "no case")])
def test_decisions_that_are_all_alike_are_doubted(alike: bool, said: str) -> None:
    measures, _ = scores()
    found = replace(measures, decided=np.full(200, alike)).doubts(np.arange(200))
    assert found["accuracy"] == f"{said} is predicted positive"
