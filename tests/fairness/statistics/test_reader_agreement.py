"""Agreement of readers, beside scikit-learn, statsmodels, a published example and all pairs."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from fairness.arrays import IntArray
from fairness.statistics.reader_agreement import (
    Coefficient,
    agreement,
    agreement_of,
    coefficient_of,
    sums_of,
)

Q = 1.96


def readings(readers: int, n: int, unread: float, seed: int) -> IntArray:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    labels = np.where(rng.random((readers, n)) < 0.15, ~truth, truth).astype(np.int64)
    labels[rng.random((readers, n)) < unread] = -1
    return labels


def numbers(labels: IntArray, coefficient: Coefficient) -> tuple[float, float]:
    share, kappa, _ = agreement_of(sums_of(labels).sum(axis=1), coefficient)
    return float(share), float(kappa)


def test_two_readers_have_scikit_learn_s_kappa_where_both_read() -> None:
    labels = readings(2, 80, 0.2, seed=1)
    both = (labels >= 0).all(axis=0)
    assert coefficient_of(labels) == "cohen_kappa"
    share, kappa = numbers(labels, "cohen_kappa")
    assert kappa == pytest.approx(cohen_kappa_score(*labels[:, both]), abs=1e-12)
    assert share == pytest.approx((labels[0, both] == labels[1, both]).mean(), abs=1e-12)


def test_more_readers_have_statsmodels_kappa() -> None:
    labels = readings(4, 90, 0.0, seed=2)
    assert coefficient_of(labels) == "fleiss_kappa"
    table, _ = aggregate_raters(labels.T)
    assert numbers(labels, "fleiss_kappa")[1] == pytest.approx(fleiss_kappa(table), abs=1e-12)


def test_krippendorff_s_own_example() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example A: Meg and Owen.
    labels = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]])
    assert numbers(labels, "krippendorff_alpha")[1] == pytest.approx(1 - 19 * 4 / (14 * 6))
    assert round(numbers(labels, "krippendorff_alpha")[1], 3) == 0.095


def test_blanks_are_no_disagreement() -> None:
    labels = readings(4, 60, 0.4, seed=3)
    assert coefficient_of(labels) == "krippendorff_alpha"
    coincidences, shares = np.zeros((2, 2)), []
    for case in labels.T:
        read = case[case >= 0]
        pairs = list(itertools.permutations(read, 2))
        for one, other in pairs:
            coincidences[one, other] += 1 / (len(read) - 1)
        if pairs:
            shares.append(np.mean([one == other for one, other in pairs]))
    of_each, n = coincidences.sum(axis=0), coincidences.sum()
    expected = 1 - (n - 1) * coincidences[0, 1] / (of_each[0] * of_each[1])
    share, alpha = numbers(labels, "krippendorff_alpha")
    assert alpha == pytest.approx(expected, abs=1e-12)
    assert share == pytest.approx(np.mean(shares), abs=1e-12)


def test_limits_hold_the_value_and_are_no_point_where_all_agree() -> None:
    labels = readings(3, 60, 0.0, seed=4)
    units = np.arange(60)
    for value, low, high in agreement(labels, units, "fleiss_kappa", 200, 0, Q):
        assert low < value < high
    alike = np.stack([labels[0]] * 3)
    (share, low, _), (kappa, bottom, top) = agreement(alike, units, "fleiss_kappa", 200, 0, Q)
    assert (share, kappa, top) == (1.0, 1.0, 1.0)
    assert low < 0.96
    assert bottom < 0.9


def test_images_of_one_patient_are_worth_less() -> None:
    labels = np.repeat(readings(3, 60, 0.0, seed=5), 3, axis=1)
    alone, together = (
        agreement(labels, units, "fleiss_kappa", 400, 0, Q)[1]
        for units in (np.arange(180), np.repeat(np.arange(60), 3))
    )
    assert together[2] - together[1] > 1.5 * (alone[2] - alone[1])


def test_what_says_nothing_has_no_number() -> None:
    alone = np.array([[1, 0, -1], [-1, -1, 1]])
    nothing = agreement(alone, np.arange(3), "cohen_kappa", 100, 0, Q)
    assert np.isnan(nothing).all()
    share, kappa = agreement(np.ones((3, 20), int), np.arange(20), "fleiss_kappa", 100, 0, Q)
    assert share[0] == 1.0
    assert np.isnan(kappa).all()
