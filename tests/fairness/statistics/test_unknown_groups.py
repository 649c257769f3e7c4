"""Ranges over the unknown against trying every way in which they could belong."""

from collections import defaultdict
from dataclasses import replace
from itertools import chain, combinations, product
from typing import Any

import numpy as np
import pytest
from cohorts import SETTINGS, analysed, table

from fairness.attributes import UNKNOWN, Attribute
from fairness.metrics import classification as c
from fairness.metrics import disparity as d
from fairness.statistics.unknown_groups import highest_auc, largest_mean

RNG = np.random.default_rng
AB = Attribute("race", ("A", "B"))
NO_TIERS = replace(SETTINGS, suppress_below=0)


def subsets(n: int) -> Any:
    return chain.from_iterable(combinations(range(n), k) for k in range(n + 1))


def test_largest_mean_equals_trying_all_subsets() -> None:
    inside, extra = RNG(0).random(7), RNG(1).random(6)
    expected = max(np.mean([*inside, *extra[list(chosen)]]) for chosen in subsets(6))
    assert largest_mean(inside, extra) == pytest.approx(expected)
    assert largest_mean(inside, np.array([np.nan])) == inside.mean()
    assert np.isnan(largest_mean(np.array([]), extra))


def test_highest_auc_equals_trying_all_subsets() -> None:
    rng = RNG(2)
    positive, negative, more, others = (rng.integers(0, 6, n).astype(float) for n in (6, 5, 4, 5))
    found = []
    for taken, added in product(list(subsets(4)), list(subsets(5))):
        p, n = [*positive, *more[list(taken)]], [*negative, *others[list(added)]]
        found.append(c.auc(np.repeat([1, 0], [len(p), len(n)]), np.array(p + n)))
    assert highest_auc(positive, negative, more, others) == pytest.approx(max(found))


def test_ranges_of_gaps_hold_every_way_of_belonging_and_reach_the_rates() -> None:
    rng = RNG(3)
    codes = np.repeat([0, 1, UNKNOWN], [40, 40, 8])
    y, score = rng.integers(0, 2, 88), rng.random(88)
    analysis = analysed(y, score, codes, attribute=AB, settings=NO_TIERS)
    rows, predicted = table(analysis), (score >= 0.5).astype(int)
    pair = next(k for k in analysis.contrasts if k.metric == "true_positive_rate")
    signed: list[float] = []
    found: dict[str, list[float]] = defaultdict(list)
    for ways in product([0, 1], repeat=8):
        all_codes = np.concatenate([codes[:80], ways])
        rates = d.by_group(c.true_positive_rate, all_codes, 2, y, predicted)
        aucs = d.by_group(c.auc, all_codes, 2, y, score)
        signed.append(float(rates[0] - rates[1]))
        found["equal_opportunity_difference"].append(float(np.ptp(rates)))
        found["auc_difference"].append(float(np.ptp(aucs)))
        found["es_auc"].append(d.equity_scaled(c.auc(y, score), aucs))
    assert (pair.unknown_low, pair.unknown_high) == pytest.approx((min(signed), max(signed)))
    for name, values in found.items():
        assert rows["all", name].unknown_low <= min(values)
        assert rows["all", name].unknown_high >= max(values)
    highest = max(found["equal_opportunity_difference"])
    assert rows["all", "equal_opportunity_difference"].unknown_high == pytest.approx(highest)


def test_of_few_unknown_only_their_number_is_used() -> None:
    """Otherwise the range of a shared report would tell who they are."""
    rng = RNG(4)
    codes = np.repeat([0, 1, UNKNOWN], [40, 40, 5])
    y, score = rng.integers(0, 2, 85), rng.random(85)
    other_y, other_score = y.copy(), score.copy()
    other_y[80:], other_score[80:] = 1 - y[80:], rng.random(5)
    one, other = (
        table(analysed(labels, scores, codes, attribute=AB))
        for labels, scores in ((y, score), (other_y, other_score))
    )
    for name in ("auc_difference", "equalized_odds_difference", "demographic_parity_ratio"):
        numbers = (one["all", name].unknown_low, one["all", name].unknown_high)
        assert numbers == (other["all", name].unknown_low, other["all", name].unknown_high)
        assert numbers[0] is not None


def test_without_unknown_there_is_no_range() -> None:
    rng = RNG(5)
    y, score = rng.integers(0, 2, 80), rng.random(80)
    analysis = analysed(y, score, np.repeat([0, 1], 40), attribute=AB)
    assert {k.unknown_high for k in analysis.contrasts} == {None}
    assert table(analysis)["all", "es_auc"].unknown_low is None
