"""A million cases: products of counts go beyond 32 bits, and squares of them beyond 53."""

from fractions import Fraction

import numpy as np
import pytest

from fairness.metrics import classification as c
from fairness.statistics.binary import BinaryScores
from fairness.statistics.binned import binned_replicator, cells_of
from fairness.statistics.clusters import effective_patients, mean_variances
from fairness.statistics.delong import delong, influence, variance_of

POSITIVE, NEGATIVE = (100_000, 150_000, 250_001), (300_000, 100_000, 99_999)
"""Cases with each of three scores."""


def exact_auc() -> tuple[Fraction, Fraction]:
    """AUC and DeLong's variance, in whole numbers of any size."""
    p, n = sum(POSITIVE), sum(NEGATIVE)
    won = [Fraction(2 * sum(NEGATIVE[:k]) + NEGATIVE[k], 2 * n) for k in range(3)]
    lost = [Fraction(2 * sum(POSITIVE[k + 1 :]) + POSITIVE[k], 2 * p) for k in range(3)]
    auc = sum((a * w for a, w in zip(POSITIVE, won, strict=True)), Fraction(0)) / p
    parts = [
        sum((k * (v - auc) ** 2 for k, v in zip(kind, values, strict=True)), Fraction(0))
        / ((m - 1) * m)
        for kind, values, m in ((POSITIVE, won, p), (NEGATIVE, lost, n))
    ]
    return auc, sum(parts, Fraction(0))


def test_auc_and_its_variance_are_those_of_whole_numbers() -> None:
    level = np.repeat([0, 1, 2, 0, 1, 2], [*POSITIVE, *NEGATIVE])
    y = np.repeat([1, 0], [sum(POSITIVE), sum(NEGATIVE)])
    score, (value, variance) = np.array([0.2, 0.5, 0.7])[level], exact_auc()
    for ranked in (score, level):
        assert c.auc(y, ranked) == pytest.approx(float(value), rel=1e-14)
        auc, moved = influence(y, ranked)
        assert auc == pytest.approx(float(value), rel=1e-12)
        assert variance_of(moved, y, np.arange(len(y))) == pytest.approx(float(variance), rel=1e-9)
    assert delong(y, score)[1] == pytest.approx(float(variance), rel=1e-9)
    measures, rows = BinaryScores(y, score, 0.6), np.arange(len(y))
    assert measures.values(rows)[9] == pytest.approx(float(value), rel=1e-14)
    cells = cells_of(measures, rows)
    once = binned_replicator(measures, rows, cells, frozenset({"auc"}))(
        np.stack([cells.sizes, 1000 * cells.sizes], axis=1).astype(np.float64)
    )["auc"]
    np.testing.assert_allclose(once, float(value), rtol=1e-7)  # float32; of 10^9 cases, too


def test_patients_with_many_images_are_worth_what_whole_numbers_say() -> None:
    """One patient with half of a million images, and half a million with one each."""
    units = np.concatenate([np.zeros(500_000, dtype=np.int64), np.arange(1, 500_001)])
    worth = Fraction(1_000_000**2, 500_000**2 + 500_000)
    assert effective_patients(units) == pytest.approx(float(worth), rel=1e-14)
    values = np.zeros((1, 1_000_000))
    values[0, :500_000] = 1
    # Every patient moves the mean by (sum of value - 1/2) / n: the first by 1/4, the others little.
    squares = Fraction(1, 16) + 500_000 * Fraction(1, 2_000_000) ** 2
    expected = squares * Fraction(500_001, 500_000)
    assert mean_variances(values, units)[0] == pytest.approx(float(expected), rel=1e-9)
