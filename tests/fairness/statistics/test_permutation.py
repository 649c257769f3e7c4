"""The test of the largest gap against exact distributions and scipy, and under the null."""

import numpy as np
import pytest
from scipy.stats import hypergeom, kstest, permutation_test

from fairness.arrays import Array, IntArray
from fairness.metrics.classification import auc
from fairness.statistics.binary import BinaryScores
from fairness.statistics.permutation import largest_gap_p, largest_gap_p_values


def p_values(
    y: Array,
    score: Array,
    codes: Array,
    units: IntArray | None = None,
    permutations: int = 4000,
    seed: int = 0,
) -> dict[str, float]:
    units = np.arange(len(y)) if units is None else units
    measures = BinaryScores(np.asarray(y), np.asarray(score, dtype=float), 0.5)
    rng = np.random.default_rng(seed)
    return largest_gap_p_values(measures, [np.asarray(codes)], units, permutations, rng)[0]


def exact_two_groups(hits: tuple[int, int], n: int, m: int) -> float:
    """P(|share gap| >= observed) when `n` and `m` cases with the same hits are dealt anew."""
    total = sum(hits)
    first = np.arange(max(0, total - m), min(n, total) + 1)
    gaps = np.abs(first / n - (total - first) / m)
    observed = abs(hits[0] / n - hits[1] / m)
    return float(hypergeom.pmf(first, n + m, total, n)[gaps >= observed - 1e-12].sum())


def test_rates_of_two_groups_have_their_exact_p() -> None:
    """TPR 9/12 against 8/20; selection 11/24 against 20/44: two hypergeometric distributions."""
    y = np.repeat([1, 1, 1, 1, 0, 0, 0, 0], [9, 3, 8, 12, 2, 10, 12, 12])
    score = np.repeat([1, 0, 1, 0, 1, 0, 1, 0], [9, 3, 8, 12, 2, 10, 12, 12])
    codes = np.repeat([0, 0, 1, 1, 0, 0, 1, 1], [9, 3, 8, 12, 2, 10, 12, 12])
    p = p_values(y, score, codes, permutations=20_000)
    assert p["equal_opportunity_difference"] == pytest.approx(
        exact_two_groups((9, 8), 12, 20), abs=0.012
    )
    assert p["false_positive_rate_difference"] == pytest.approx(
        exact_two_groups((2, 12), 12, 24), abs=0.012
    )
    assert p["demographic_parity_difference"] == pytest.approx(
        exact_two_groups((11, 20), 24, 44), abs=0.012
    )


def test_auc_gap_of_two_groups_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([1, 1, 0, 0], [8, 12, 10, 14])
    codes = np.repeat([0, 1, 0, 1], [8, 12, 10, 14])
    score = rng.normal(y * (1.5 - codes), 1)

    def gap(labels_of_positives: Array, labels_of_negatives: Array) -> float:
        labels = np.concatenate([labels_of_positives, labels_of_negatives])
        inside = labels == 0
        return abs(float(auc(y[inside], score[inside])) - float(auc(y[~inside], score[~inside])))

    observed = gap(codes[y == 1], codes[y == 0])
    null = [
        gap(rng.permutation(codes[y == 1]), rng.permutation(codes[y == 0])) for _ in range(3000)
    ]
    expected = np.mean(np.array(null) >= observed - 1e-12)
    assert p_values(y, score, codes)["auc_difference"] == pytest.approx(expected, abs=0.03)


def test_accuracy_of_three_groups_equals_scipy_for_the_same_statistic() -> None:
    rng = np.random.default_rng(1)
    right = rng.binomial(1, np.repeat([0.9, 0.7, 0.6], 20))
    codes = np.repeat([0, 1, 2], 20)

    def largest(a: Array, b: Array, c: Array, axis: int) -> Array:
        means = np.stack([part.mean(axis=axis) for part in (a, b, c)])
        return np.asarray(means.max(0) - means.min(0))

    groups = [right[codes == g] for g in range(3)]
    # With groups of one size all gaps have one spread, so scaling them changes nothing.
    oracle = permutation_test(
        groups, largest, n_resamples=4000, vectorized=True, alternative="greater", rng=rng
    )
    ours = p_values(np.ones(60, dtype=int), right, codes)["accuracy_difference"]
    assert ours == pytest.approx(oracle.pvalue, abs=0.03)


def test_p_is_uniform_where_patients_repeat_and_groups_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    found = []
    for seed in range(120):
        units = np.repeat(np.arange(60), 3)
        codes = np.repeat(rng.integers(0, 3, 60), 3)
        y = np.repeat(rng.integers(0, 2, 60), 3)
        score = y + np.repeat(rng.normal(size=60), 3) + 0.3 * rng.normal(size=180)
        found.append(p_values(y, score, codes, units, 200, seed)["auc_difference"])
    assert kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) < 0.12


def test_a_real_gap_is_found_and_the_family_holds_both_rates() -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1], 200)
    y = rng.integers(0, 2, 400)
    score = np.where(codes == 1, rng.random(400), 0.5 + 0.4 * (y - 0.5))
    p = p_values(y, score, codes, permutations=500)
    assert p["auc_difference"] == pytest.approx(1 / 501)
    assert p["equalized_odds_difference"] == pytest.approx(1 / 501)


def test_nothing_to_compare_is_no_test() -> None:
    assert np.isnan(largest_gap_p(np.ones((1, 1, 5))))
    assert np.isnan(largest_gap_p(np.ones((3, 1, 5))))
    undefined = np.full((2, 1, 5), np.nan)
    assert np.isnan(largest_gap_p(undefined))
