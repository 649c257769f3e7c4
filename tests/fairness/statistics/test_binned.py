"""Replicates from bins of scores beside those of the definitions, with the same draws."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from fairness.arrays import IntArray
from fairness.metrics import classification as c
from fairness.statistics import replicated
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.binned import binned_replicator, cells_of
from fairness.statistics.bootstrap import Patients, Replicates, resample
from fairness.statistics.delong import delong
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings

NAMES = [metric.name for metric in METRICS]
EVERY = frozenset(NAMES)
BINNED = Settings(replicates=400, binned_from=2_000)


def scores(n: int, prevalence: float = 0.4, decimals: int = 9) -> BinaryScores:
    rng = np.random.default_rng(n)
    y = (rng.random(n) < prevalence).astype(np.int64)
    logit = rng.normal(-0.4 + 1.2 * y, 1.0)
    return BinaryScores(y, np.round(1 / (1 + np.exp(-logit)), decimals), 0.5)


def from_bins(measures: BinaryScores, weights: IntArray) -> Mapping[str, Replicates]:
    """Replicates under weights of the cases (n, R)."""
    rows = np.arange(len(measures.positive))
    cells = cells_of(measures, rows)
    counts = [np.bincount(cells.of_case, w, len(cells.sizes)) for w in weights.T]
    return binned_replicator(measures, rows, cells, EVERY)(np.stack(counts, axis=1))


@pytest.mark.parametrize(("prevalence", "decimals"), [(0.4, 2), (0.01, 9)])
def test_ties_and_a_rare_class_are_exact(prevalence: float, decimals: int) -> None:
    """With 100 scores, or 30 positives, a bin holds one score, or one positive."""
    measures = scores(3000, prevalence, decimals)
    weights = np.random.default_rng(0).multinomial(3000, np.full(3000, 1 / 3000), 20).T
    found, y, s = from_bins(measures, weights), measures.positive, measures.score
    predicted = (s >= 0.5).astype(int)
    for name, metric in c.SHARES.items():
        expected = [metric(np.repeat(y, w), np.repeat(predicted, w)) for w in weights.T]
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, err_msg=name)
    for name, ranks in (("auc", c.auc), ("average_precision", c.average_precision)):
        expected = [ranks(np.repeat(y, w), np.repeat(s, w)) for w in weights.T]
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, err_msg=name)


def test_the_spread_is_that_of_exact_replicates() -> None:
    """20 cases a bin; tolerances are ten times what is measured in benchmarks/README.md."""
    measures, rows = scores(20_000), np.arange(20_000)
    rng, exact, binned = np.random.default_rng(1), [], []
    function, cells = measures.replicator(rows, EVERY), cells_of(measures, rows)
    of_counts = binned_replicator(measures, rows, cells, EVERY)
    inside = np.equal.outer(np.arange(len(cells.sizes)), cells.of_case).astype(np.float32)
    for _ in range(6):
        weights = resample(rows, np.zeros_like(rows), 10, rng)
        found = of_counts((inside @ weights).astype(np.float64))
        drawn = function(weights)
        exact.append(np.stack([drawn[name] for name in NAMES]))
        binned.append(np.stack([found[name] for name in NAMES]))
    one, other = (np.concatenate(of, axis=1).astype(float) for of in (exact, binned))
    spread = one.std(1)
    np.testing.assert_allclose(other.std(1), spread, rtol=3e-3)
    auc = NAMES.index("auc")
    assert other[auc].std() == pytest.approx(spread[auc], rel=3e-4)
    assert ((one - other).std(1) < 0.03 * spread).all()


def test_counts_of_cells_are_drawn_as_cases_are() -> None:
    """Variances beside the closed forms: of a share, and DeLong's of an AUC."""
    measures, rows = scores(4000), np.arange(4000)
    rng = np.random.default_rng(2)
    found = replicated.counted(measures, rows, EVERY, 4000, rng)
    y, s = measures.positive, measures.score
    p = y.mean()
    assert found["prevalence"].var() == pytest.approx(p * (1 - p) / 4000, rel=0.08)
    assert found["auc"].var() == pytest.approx(delong(y, s)[1], rel=0.08)


@pytest.mark.parametrize("paired", [False, True])
def test_patients_with_several_images_are_drawn_together(
    paired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same draws summed by bin, and case by case; groups that share patients, and one alone."""
    measures, units = scores(6000), np.arange(6000) // 3
    sets = [np.arange(6000), np.arange(0, 6000, 2), np.arange(300)]
    strata = None if paired else np.zeros_like(units)
    binned = sample(measures, sets, units, BINNED, strata, paired=paired).replicates
    function: Any = replicated.of_patients

    def of_every_case(*args: object) -> object:
        return function(*args[:-1], Settings(binned_from=10_000))

    monkeypatch.setattr(replicated, "of_patients", of_every_case)
    exact = sample(measures, sets, units, BINNED, strata, paired=paired).replicates
    spread = exact.std(-1)
    np.testing.assert_array_equal(np.isnan(binned), np.isnan(exact))
    assert (np.nanmax(np.abs(binned - exact).std(-1) / spread) < 0.05).all()
    assert np.nanmax(np.abs(binned[2] - exact[2])) == 0  # of few cases


def test_runs_on_the_same_cases_have_the_same_draws() -> None:
    """What two models have in common cancels in the difference, with bins as without."""
    new, rows = scores(4000), np.arange(4000)
    moved = new.score + 0.01 * np.random.default_rng(3).random(4000)
    old = BinaryScores(new.positive, moved.clip(0, 1), 0.5)
    m = NAMES.index("average_precision")
    pair = [sample(one, [rows], rows, BINNED, paired=True).replicates[0, m] for one in (new, old)]
    assert np.corrcoef(pair)[0, 1] > 0.99
    alone = [sample(one, [rows], rows, BINNED).replicates[0, m] for one in (new, new)]
    np.testing.assert_array_equal(*alone)


@pytest.mark.parametrize("images", [1, 2])
def test_below_the_size_replicates_are_those_of_every_case(images: int) -> None:
    measures, units = scores(900), np.arange(900) // images
    settings = Settings(replicates=1200)
    found = sample(measures, [np.arange(900)], units, settings).replicates[0]
    rng = np.random.default_rng([0, crc32(np.sort(units).tobytes())])
    function, at = measures.replicator(np.arange(900), EVERY), 0
    for size in (555, 555, 90):  # blocks of half a million weights
        drawn = function(resample(units, np.zeros_like(units), size, rng))
        for m in np.flatnonzero(np.isfinite(found[:, 0])):
            expected = drawn[NAMES[m]].astype(np.float32)
            np.testing.assert_array_equal(found[m, at : at + size], expected)
        at += size
    assert np.isfinite(found[NAMES.index("average_precision")]).all()


def test_parts_of_many_patients_are_drawn_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairness.statistics.bootstrap.PART", 4)
    units = np.repeat(np.arange(40), 2)
    patients = Patients.of(units, np.where(units < 30, 0, 1))
    counts = patients.draw_parts(20_000, np.random.default_rng(4))
    assert set(counts[:30].sum(0)) == {30}
    assert set(counts[30:].sum(0)) == {10}
    np.testing.assert_allclose(counts[:30].var(1), 1 - 1 / 30, rtol=0.05)
    together = np.corrcoef(counts[:30])
    assert together[~np.eye(30, dtype=bool)] == pytest.approx(-1 / 29, abs=0.035)
