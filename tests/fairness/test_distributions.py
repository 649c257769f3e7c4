"""Distributions of scores of masks: bins, tails and percentiles, and what they must not show."""

import itertools
from dataclasses import astuple, replace

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from fairness.arrays import FloatArray
from fairness.attributes import Attribute
from fairness.disclosure.sizes import WITHHELD, Sizes
from fairness.distributions import bins_of, distributions
from fairness.groups import Grouping, plain
from fairness.mask_scores import mask_measures
from fairness.outcomes import Cases, Distribution, Names
from fairness.statistics.case_scores import CaseScore
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.measured import Measured

N = 600
LEAST = 11


def dice(seed: int = 0) -> FloatArray:
    """(N,) a skewed lot with a few failures and a few that nobody scored."""
    values = np.random.default_rng(seed).beta(9, 2, N)
    values[:7] = 0.03
    values[7:12] = np.nan
    return values


def site(codes: FloatArray | None = None) -> Grouping:
    given = np.arange(N) % 2 if codes is None else codes
    return plain(Attribute("site", ("A", "B")), given.astype(np.int64))


def made(values: FloatArray, groupings: list[Grouping], people: int = N) -> list[Distribution]:
    sizes = Sizes(np.arange(N) % people, None, LEAST, LEAST)
    scores = [CaseScore("lung_dice", values, tail=0.5)]
    return list(distributions(scores, groupings, sizes, Settings()))


def test_bins_hold_every_case_and_none_is_small() -> None:
    values = dice()
    overall, a, b = made(values, [site()])
    for one, inside in ((overall, np.arange(N) >= 0), (a, site().codes == 0)):
        known = values[inside & np.isfinite(values)]
        assert one.n == len(known) == sum(part.n or 0 for part in one.bins)
        for part in one.bins:
            last = part.high == 1.0
            held = (known >= part.low) & ((known < part.high) | (last & (known == 1.0)))
            assert part.n == held.sum() >= LEAST
            assert part.share == pytest.approx(held.mean())
        for before, after in itertools.pairwise(one.bins):
            assert before.high <= after.low
    assert (a.group, b.group) == ("A", "B")


def test_a_few_at_the_good_end_join_their_neighbours() -> None:
    values = np.array([0.52] * 20 + [0.97] * 3)
    (only,) = bins_of(values, Sizes(np.arange(23), None, LEAST, LEAST))
    assert (only.low, only.high, only.n) == (0.5, 1.0, 23)


def test_tails_are_shares_with_wilsons_interval() -> None:
    values = dice()
    overall, *_ = made(values, [])
    known = values[np.isfinite(values)]
    assert [tail.limit for tail in overall.tails] == [0.5, 0.7, 0.8, 0.9]
    for tail in overall.tails:
        below = int((known < tail.limit).sum())
        low, high = proportion_confint(below, len(known), method="wilson")
        assert (tail.share, tail.low, tail.high) == pytest.approx((below / len(known), low, high))


def test_the_share_of_failures_is_that_of_the_tables_also_where_patients_repeat() -> None:
    values, patients = dice(), tuple(str(i % 200) for i in range(N))
    cases = Cases(
        ids=tuple(map(str, range(N))), patients=patients, attributes=(), codes={}, covariates={}
    )
    measures = mask_measures({"lung_dice": values})
    spread = tuple(score for score in measures.scores if score.tail is not None)
    measured = Measured(Names("m", "d", "s"), cases, measures, "segmentation", spread=spread)
    report = summarise(measured, [], {}, Settings(replicates=100))
    row = next(row for row in report.rows if row.metric == "lung_dice_tail")
    failed = report.distributions[0].tails[0]
    expected = (row.value, row.low, row.high)
    assert (failed.share, failed.low, failed.high) == pytest.approx(expected, abs=1e-5)


def test_percentiles_have_the_interval_of_their_share_and_nobody_alone_beyond_it() -> None:
    values = dice()
    overall, *_ = made(values, [])
    known = values[np.isfinite(values)]
    assert [one.percent for one in overall.percentiles] == [5, 10, 25, 50]
    for one in overall.percentiles:
        share = one.percent / 100
        ends = proportion_confint(share * len(known), len(known), method="wilson")
        expected = np.quantile(known, [share, *ends])
        assert (one.value, one.low, one.high) == pytest.approx(expected, abs=5e-4)
    few = np.full(N, np.nan)
    few[:60] = np.linspace(0.4, 0.99, 60)
    (small,) = made(few, [])
    assert [one.percent for one in small.percentiles] == [50]
    (fewer,) = made(np.where(np.arange(N) < 30, few, np.nan), [])
    assert fewer.percentiles == ()


def test_people_count_and_not_their_images() -> None:
    values = np.where(np.arange(N) % 60 < 4, 0.32, 0.81)  # 40 images of 4 people
    (one,) = made(values, [], people=60)
    assert [(part.low, part.high, part.n) for part in one.bins] == [(0.3, 0.85, N)]


def test_of_small_groups_there_is_nothing_and_of_withheld_ones_no_count() -> None:
    small = site(np.where(np.arange(N) < 8, 0, 1))
    shown = made(np.nan_to_num(dice(), nan=0.5), [replace(small, hidden=frozenset({"A"}))])
    assert [one.group for one in shown] == ["all", "B"]
    reasons = {"B": WITHHELD}
    told = replace(small, hidden=frozenset("A"), withheld=frozenset("B"), reasons=reasons)
    _, withheld = made(dice(), [told])
    assert withheld.n is None
    assert {part.n for part in withheld.bins} == {None}
    numbers = [part.share for part in withheld.bins]
    numbers += [x for tail in withheld.tails for x in astuple(tail)]
    numbers += [x for one in withheld.percentiles for x in astuple(one)]
    assert all(round(number, 2) == number for number in numbers)


def test_of_a_structure_that_few_have_there_is_nothing() -> None:
    values = dice()
    values[10:] = np.nan
    assert made(values, [site()]) == []
