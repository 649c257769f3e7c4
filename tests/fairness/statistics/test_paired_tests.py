import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.paired_tests import delong_p, mcnemar_p


def kernel_p(y: IntArray, a: FloatArray, b: FloatArray) -> float:
    """DeLong's test from the whole table of pairs, term by term."""
    kernels = []
    for score in (a, b):
        positive, negative = score[y == 1], score[y == 0]
        difference = positive[:, None] - negative[None, :]
        kernels.append((difference > 0) + 0.5 * (difference == 0))
    change = kernels[0] - kernels[1]
    by_positive, by_negative = change.mean(1), change.mean(0)
    variance = by_positive.var(ddof=1) / len(by_positive)
    variance += by_negative.var(ddof=1) / len(by_negative)
    return float(2 * norm.sf(abs(change.mean()) / np.sqrt(variance)))


@pytest.mark.parametrize("seed", range(5))
def test_delong_equals_the_sum_over_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 150)
    a: FloatArray = np.round(y + rng.normal(size=150), 1).astype(np.float64)  # with ties
    b: FloatArray = np.round(a + rng.normal(scale=0.5, size=150), 1).astype(np.float64)
    assert delong_p(y, a, b, np.arange(150)) == pytest.approx(kernel_p(y, a, b), abs=1e-12)


def test_equal_scores_differ_by_nothing_and_one_class_by_no_number() -> None:
    y = np.array([0, 1] * 20)
    score = np.linspace(0, 1, 40)
    assert delong_p(y, score, score, np.arange(40)) == 1
    assert np.isnan(delong_p(np.ones(40, dtype=np.int64), score, score, np.arange(40)))


@pytest.mark.parametrize(("gained", "lost"), [(12, 5), (0, 3), (40, 41), (1, 0)])
def test_mcnemar_equals_statsmodels(gained: int, lost: int) -> None:
    table = [[7, gained], [lost, 9]]
    expected = mcnemar(table, exact=False, correction=False).pvalue
    assert mcnemar_p(gained, lost) == pytest.approx(expected, abs=1e-12)


def test_without_a_flip_p_is_1() -> None:
    assert mcnemar_p(0, 0) == 1
