"""Standardised over strata: by hand, against statsmodels, published tables, invariances."""

import numpy as np
import pytest
from scipy.stats import chi2, t
from statsmodels.stats.contingency_tables import StratifiedTable

from fairness.attributes import Attribute
from fairness.beside.sets import CaseSet
from fairness.beside.stratify import ADJUSTED, pair_of, share_masks, strata_of
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.heterogeneity import cochran, over_sites
from fairness.statistics.intervals import wilson
from fairness.statistics.mantel_haenszel import common_odds
from fairness.statistics.settings import Settings
from fairness.statistics.stratified import shared_weights, standardised_over

NAMES = [metric.name for metric in METRICS]
ADMISSIONS = np.array(
    [[512, 313, 89, 19], [353, 207, 17, 8], [120, 205, 202, 391],
     [138, 279, 131, 244], [53, 138, 94, 299], [22, 351, 24, 317]], dtype=float
)  # fmt: skip
"""Admitted and rejected men, then women, of six departments: R's UCBAdmissions."""


def cases(seed: int = 0, n: int = 400):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    group, stratum = rng.integers(0, 2, n), rng.integers(0, 3, n)
    y = rng.integers(0, 2, n)
    scores = BinaryScores(y, 1 / (1 + np.exp(-(y + rng.normal(size=n)))), 0.5)
    sets = [CaseSet("g", str(k), np.flatnonzero(group == k), False, True) for k in (0, 1)]
    return scores, sets, stratum, np.arange(n)


@pytest.mark.parametrize("metric", ADJUSTED)
def test_the_sum_over_strata_is_that_by_hand(metric: str) -> None:
    scores, sets, stratum, patients = cases()
    strata = strata_of(scores, metric, sets, patients, stratum, ("a", "b", "c"))
    pair = pair_of(strata, 0, 1)
    assert pair is not None
    _, among = share_masks(scores, metric)
    weights = np.bincount(stratum[among]) / among.sum()
    expected = [
        sum(
            weights[k] * scores.values(one.rows[stratum[one.rows] == k])[NAMES.index(metric)]
            for k in range(3)
        )
        for one in sets
    ]
    assert [pair.first.value, pair.second.value] == pytest.approx(expected)
    assert (pair.covered, pair.empty) == (1.0, ())


def test_one_stratum_is_the_raw_number_with_its_interval() -> None:
    scores, sets, stratum, patients = cases()
    for metric in ("accuracy", "auc"):
        strata = strata_of(scores, metric, sets, patients, np.zeros_like(stratum), ("all",))
        one = standardised_over(strata.of_sets[0], np.ones(1), strata.units[0])
        only = [np.isin(np.arange(len(stratum)), sets[0].rows)]
        grouping = plain(Attribute("g", ("0",)), np.where(only[0], 0, -1))
        found = analyse(scores, patients, [grouping], Settings(replicates=100))
        row = next(e for e in found.estimates if (e.group, e.metric) == ("0", metric))
        assert (one.value, *one.limits(Settings().quantile)) == pytest.approx(
            (row.value, row.low, row.high)
        )


def test_limits_of_strata_join_by_mover() -> None:
    scores, sets, stratum, patients = cases()
    strata = strata_of(scores, "accuracy", sets, patients, stratum, ("a", "b", "c"))
    weights = np.array([0.5, 0.3, 0.2])
    one = standardised_over(strata.of_sets[0], weights, strata.units[0])
    parts = strata.of_sets[0]
    low, high = wilson(parts.value, parts.trials, 1.96)
    under = np.sqrt((weights**2 * (parts.value - low) ** 2).sum())
    over = np.sqrt((weights**2 * (parts.value - high) ** 2).sum())
    assert one.limits(1.96) == pytest.approx((one.value - under, one.value + over))


def test_a_stratum_that_a_group_lacks_is_named_and_left_out() -> None:
    scores, sets, stratum, patients = cases()
    stratum = stratum.copy()
    rows = sets[1].rows
    stratum[rows[stratum[rows] == 2]] = 1
    strata = strata_of(scores, "accuracy", sets, patients, stratum, ("a", "b", "c"))
    pair = pair_of(strata, 0, 1)
    assert pair is not None
    assert pair.empty == ((1, "c"),)
    assert pair.weights[2] == 0
    assert pair.covered == pytest.approx((stratum != 2).mean())
    nobody = strata_of(scores, "accuracy", sets, patients, np.repeat([0, 1], 200), ("a", "b"))
    assert shared_weights(np.zeros(2), nobody.of_sets).sum() == 0


def test_images_of_one_patient_count_once() -> None:
    scores, sets, stratum, patients = cases()
    y, s = (np.repeat(x, 2) for x in (scores.positive, scores.score))
    doubled = [
        CaseSet("g", one.group, np.sort(np.r_[2 * one.rows, 2 * one.rows + 1]), False, True)
        for one in sets
    ]
    once = strata_of(scores, "accuracy", sets, patients, stratum, ("a", "b", "c"))
    args = (doubled, np.repeat(patients, 2), np.repeat(stratum, 2), ("a", "b", "c"))
    twice = strata_of(BinaryScores(y, s, 0.5), "accuracy", *args)
    found = [pair_of(strata, 0, 1) for strata in (once, twice)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].first.value == pytest.approx(found[0].first.value)
    assert found[1].first.variance == pytest.approx(found[0].first.variance, rel=0.05)
    assert found[1].odds is None


def test_the_common_odds_ratio_is_that_published_for_berkeley() -> None:
    m, w = ADMISSIONS[:, :2].sum(1), ADMISSIONS[:, 2:].sum(1)
    found = common_odds(ADMISSIONS[:, 0], m, ADMISSIONS[:, 2], w)
    assert found.ratio == pytest.approx(0.9046968, abs=1e-7)
    assert found.limits(1.959964) == pytest.approx((0.7719074, 1.0603298), abs=1e-6)


def test_common_odds_and_their_test_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    m1, m0 = rng.integers(5, 40, (2, 6))
    a, c = rng.binomial(m1, 0.6), rng.binomial(m0, 0.4)
    found = common_odds(*(x.astype(float) for x in (a, m1, c, m0)))
    tables = zip(a, m1 - a, c, m0 - c, strict=True)
    theirs = StratifiedTable([np.reshape(table, (2, 2)) for table in tables])
    assert found.ratio == pytest.approx(theirs.oddsratio_pooled)
    assert found.error == pytest.approx(theirs.logodds_pooled_se)
    equal = theirs.test_equal_odds(adjust=True)
    assert found.heterogeneity == pytest.approx(equal.statistic)
    assert found.heterogeneity_p == pytest.approx(equal.pvalue)


def test_q_is_the_weighted_sum_of_squares() -> None:
    value, variance = np.array([0.1, 0.3, -0.2]), np.array([0.01, 0.02, 0.05])
    mean = (value / variance).sum() / (1 / variance).sum()
    q = ((value - mean) ** 2 / variance).sum()
    found = cochran(value, variance)
    assert found.q == pytest.approx(q)
    assert found.freedom == 2
    assert found.p == pytest.approx(chi2.sf(q, 2))


def test_sites_that_agree_have_no_spread_and_the_usual_error() -> None:
    found = over_sites(np.full(6, 0.1), np.full(6, 0.04))
    assert found.spread == 0
    assert found.error == pytest.approx(np.sqrt(0.04 / 6))
    half = t.ppf(0.975, 5) * found.error
    assert found.limits(0.95) == pytest.approx((0.1 - half, 0.1 + half))


def test_sites_of_equal_precision_have_the_mean_and_error_of_their_values() -> None:
    value = np.array([0.5, -0.3, 0.1, 0.4, -0.2])
    found = over_sites(value, np.full(5, 1e-4))
    assert found.value == pytest.approx(value.mean())
    assert found.error == pytest.approx(value.std(ddof=1) / np.sqrt(5))
    assert found.spread == pytest.approx(np.sqrt(value.var(ddof=1) - 1e-4))
