"""Means over readers: their variance by draws of readers, by published formulas, at the edges."""

import numpy as np
import pytest
from scipy.stats import t

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import Replicates
from fairness.statistics.over_readers import (
    METRICS,
    Read,
    mean_limits,
    pair_sides,
    parts_of,
    read_by_all,
)
from fairness.statistics.settings import Settings

SETTINGS = Settings(replicates=400)


def replicates(apart: float, by_case: float, readers: int = 4, seed: int = 0) -> Replicates:
    """Of one number: readers who differ, patients whom all share, and both together."""
    rng = np.random.default_rng(seed)
    shared = 0.01 * rng.normal(size=(1, 1, 20_000))
    own = by_case * rng.normal(size=(readers, 1, 20_000))
    fixed = apart * np.linspace(-1, 1, readers)[:, None, None]
    return np.asarray(0.8 + fixed + shared + own, dtype=np.float32)


def test_parts_are_those_of_explicit_draws_of_readers() -> None:
    drawn = replicates(0.05, 0.02)
    parts = parts_of(drawn, drawn.mean(axis=0).var(axis=-1))
    rng = np.random.default_rng(1)
    chosen = rng.integers(0, 4, (4, drawn.shape[-1]))
    crossed = np.take_along_axis(drawn[:, 0], chosen, axis=0).mean(axis=0).var()
    # Readers drawn from 4 vary by 3 / 4 of what they should; the interaction counts twice too much.
    of_draws = (crossed - parts.patients[0]) * 4 / 3
    assert of_draws - 2 * 0.02**2 / 4 == pytest.approx(parts.readers[0], rel=0.05)


def test_the_whole_is_obuchowski_and_rockette_s() -> None:
    drawn = replicates(0.05, 0.02)
    covariances = np.cov(drawn[:, 0])
    shared = covariances[~np.eye(4, dtype=bool)].mean()
    of_readers = drawn.mean(axis=-1).var(axis=0, ddof=1)[0]
    parts = parts_of(drawn, drawn.mean(axis=0).var(axis=-1))
    assert parts.total[0] == pytest.approx(of_readers / 4 + shared, rel=0.01)


def test_readers_alone_have_student_s_quantile_and_patients_alone_the_normal_one() -> None:
    parts = parts_of(replicates(0.2, 0.0, readers=3), np.array([1e-9]))
    assert parts.wider(1.959964)[0] == pytest.approx(t.ppf(0.975, 2), rel=1e-3)
    parts = parts_of(replicates(0.0, 0.0, readers=3), np.array([0.01]))
    assert parts.wider(1.959964)[0] == pytest.approx(1.959964)


def cohort(n: int, readers: int, seed: int) -> tuple[IntArray, FloatArray, IntArray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    labels = np.where(rng.random((readers, n)) < 0.1, 1 - truth, truth)
    return labels, truth + rng.normal(size=n), rng.integers(0, 2, n)


def of_all(labels: IntArray, score: FloatArray, group: IntArray) -> dict[str, Read]:
    scores = [BinaryScores(one, score, 0.5) for one in labels]
    cells = [np.flatnonzero(group == k) for k in (0, 1)]
    units = np.arange(len(score))
    return read_by_all(scores, labels >= 0, cells, units, group, SETTINGS)


def test_readers_who_say_the_same_add_nothing() -> None:
    labels, score, group = cohort(300, 1, seed=0)
    reads = of_all(np.repeat(labels, 3, axis=0), score, group)
    alone = BinaryScores(labels[0], score, 0.5)
    for metric in METRICS:
        read = reads[metric]
        place = [one.name for one in alone.metrics].index(metric)
        for k in (0, 1):
            assert read.value[k] == pytest.approx(
                alone.values(np.flatnonzero(group == k))[place], abs=1e-12
            )
        parts = parts_of(read.replicates, read.likely() / read.of_patients())
        assert parts.readers == pytest.approx([0, 0], abs=1e-12)
        low, high = mean_limits(read, 1.96)
        assert (low < read.value).all()
        assert (read.value < high).all()


def test_a_reader_who_is_stricter_widens_the_mean_and_not_the_gap() -> None:
    labels, score, group = cohort(2000, 3, seed=1)
    strict = labels.copy()
    strict[0] &= score > 0.8
    loose = of_all(labels, score, group)["true_positive_rate"]
    read = of_all(strict, score, group)["true_positive_rate"]
    widths = [np.diff(mean_limits(one, 1.96), axis=0)[0] for one in (loose, read)]
    assert (widths[1] > 3 * widths[0]).all()
    first, second, correlation = pair_sides(read, np.array([0]), np.array([1]), dependent=False)
    assert first.value[0] - second.value[0] == pytest.approx(read.value[0] - read.value[1])
    assert correlation[0] > 0.8


def test_perfect_rates_have_a_lower_limit_below_one() -> None:
    group = np.repeat([0, 1], 40)
    labels = np.tile([0, 1], 40)
    reads = of_all(np.stack([labels, labels]), labels.astype(float), group)
    low, high = mean_limits(reads["auc"], 1.96)
    assert (high == 1).all()
    assert (low < 0.98).all()
