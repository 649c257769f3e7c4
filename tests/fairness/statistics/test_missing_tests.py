"""Tests of who is missing, against every permutation there is, and against scipy."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import fisher_exact, mannwhitneyu, rankdata

from fairness.arrays import FloatArray
from fairness.statistics.missing_tests import (
    CHI_SQUARE,
    FISHER,
    NORMAL,
    PERMUTED,
    permuted,
    related_to_label,
    related_to_score,
    related_to_site,
)

RNG = np.random.default_rng


def test_one_image_a_patient_is_fisher_s_exact_test() -> None:
    rng = RNG(0)
    missing, y = rng.random(60) < 0.3, (rng.random(60) < 0.4).astype(np.int64)
    found = related_to_label(missing, y, np.arange(60))
    counts = [[(missing == m)[y == k].sum() for k in (0, 1)] for m in (True, False)]
    assert found.method == FISHER
    assert found.p == pytest.approx(fisher_exact(counts).pvalue)


def test_permutations_are_those_of_every_choice_of_patients() -> None:
    value = RNG(1).normal(size=12)
    absent = np.zeros(12)
    absent[[0, 3, 5, 8]] = 1
    centred = value - value.mean()
    seen = abs(absent @ centred)
    sums = [abs(centred[list(chosen)].sum()) for chosen in combinations(range(12), 4)]
    exact = np.mean(np.array(sums) >= seen - 1e-12)
    found = permuted(absent, value, np.zeros(12, dtype=np.int64))
    assert found.method == PERMUTED
    assert found.p == pytest.approx(exact, abs=0.015)


def test_permutations_within_strata_keep_how_many_are_absent_in_each() -> None:
    rng = RNG(2)
    strata = np.repeat([0, 1], 8)
    value = rng.normal(size=16) + 100 * strata  # strata alone must not matter
    absent = np.zeros(16)
    absent[[0, 1, 9, 10, 11, 12]] = 1
    parts = []
    for s, k in ((0, 2), (1, 4)):
        v = value[strata == s] - value[strata == s].mean()
        parts.append(np.array([v[list(c)].sum() for c in combinations(range(8), k)]))
    every = np.abs(np.add.outer(*parts)).ravel()
    centred = value - np.array([value[strata == s].mean() for s in (0, 1)])[strata]
    exact = np.mean(every >= abs(absent @ centred) - 1e-9)
    found = permuted(absent, value, strata)
    assert found.p == pytest.approx(exact, abs=0.015)


def test_of_many_patients_the_score_test_is_that_of_mann_and_whitney() -> None:
    rng = RNG(3)
    missing = np.arange(300) < 80
    score = rng.normal(size=300) + 0.25 * missing
    found = related_to_score(missing, score, None, np.arange(300))
    assert found.method == NORMAL
    expected = mannwhitneyu(score[missing], score[~missing], use_continuity=False).pvalue
    assert found.p == pytest.approx(expected, rel=1e-6)


def test_scores_are_compared_within_labels_alone() -> None:
    rng = RNG(4)
    y = rng.integers(0, 2, 400)
    missing = rng.random(400) < np.where(y == 1, 0.5, 0.2)  # of the label, not of the score
    score = rng.normal(size=400) + 3 * y
    units = np.arange(400)
    label, within = related_to_label(missing, y, units), related_to_score(missing, score, y, units)
    assert label.p is not None
    assert label.p < 0.001
    assert within.p is not None
    assert within.p > 0.05


def test_images_of_one_patient_are_no_further_evidence() -> None:
    rng = RNG(5)
    missing, y = np.arange(100) < 35, (rng.random(100) < 0.4).astype(np.int64)
    score = rng.normal(size=100)
    five = [np.repeat(x, 5) for x in (missing, y, score, np.arange(100))]
    once = permuted(missing.astype(float), y.astype(float), np.zeros(100, dtype=np.int64))
    assert related_to_label(five[0], five[1], five[3]).p == pytest.approx(once.p)
    assert once.method == NORMAL
    ranks = rankdata(score)
    alone = permuted(missing.astype(float), ranks, np.zeros(100, dtype=np.int64))
    assert related_to_score(five[0], five[2], None, five[3]).p == pytest.approx(alone.p)


def test_sites_are_compared_by_chi_square_or_by_permutations() -> None:
    rng = RNG(6)
    site = rng.integers(0, 3, 600)
    missing = rng.random(600) < np.array([0.1, 0.2, 0.3])[site]
    found = related_to_site(missing, site, np.arange(600))
    assert found.method == CHI_SQUARE
    assert found.p is not None
    assert found.p < 0.01
    few = related_to_site(missing[:40], site[:40], np.arange(40))
    assert few.method == PERMUTED
    assert few.p is not None


@pytest.mark.parametrize("case", ["one site", "all of one label", "nobody missing"])
def test_where_there_is_nothing_to_compare_there_is_no_p(case: str) -> None:
    everyone, units = np.ones(20, dtype=np.int64), np.arange(20)
    missing = np.arange(20) < 8
    found = {
        "one site": related_to_site(missing, everyone, units),
        "all of one label": related_to_label(missing, everyone, units),
        "nobody missing": related_to_site(missing & False, np.arange(20) % 2, units),
    }[case]
    assert found.p is None


def test_nothing_is_found_where_there_is_nothing() -> None:
    rng, found = RNG(7), {"label": 0, "score": 0, "site": 0}
    for _ in range(400):
        patients = np.repeat(np.arange(150), 2)
        missing = (rng.random(150) < 0.3)[patients]
        y = (rng.random(150) < 0.4)[patients].astype(np.int64)
        drawn = rng.normal(size=150)[patients] + rng.normal(size=300) + y
        score: FloatArray = np.asarray(drawn, dtype=np.float64)
        site = rng.integers(0, 3, 150)[patients]
        for name, test in (
            ("label", related_to_label(missing, y, patients)),
            ("score", related_to_score(missing, score, y, patients)),
            ("site", related_to_site(missing, site, patients)),
        ):
            found[name] += (test.p or 1.0) < 0.05
    assert max(found.values()) <= 0.085 * 400  # 5 % and three standard errors
