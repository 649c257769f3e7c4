"""Discovered subgroups: every number against another library, and a planted one found."""

import dataclasses

import numpy as np
import pytest
from discover_cohorts import cohort
from sklearn.metrics import roc_auc_score

from fairness.arrays import BoolArray
from fairness.discover.candidates import Counting, Limits, candidates_of, members_of
from fairness.discover.conditions import conditions_of
from fairness.discover.discovery import Search, discover
from fairness.discover.halves import search_half
from fairness.discover.many_aucs import Ordered
from fairness.discover.tested import against_others
from fairness.errors import DataError
from fairness.groups import plain
from fairness.outcomes import Names
from fairness.statistics.clusters import units_of
from fairness.statistics.delong import delong, influence, variance_of
from fairness.statistics.families import adjusted
from fairness.statistics.intervals import auc_variance
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.tasks.binary import scored


@pytest.mark.parametrize("each", [1, 2])
def test_aucs_of_many_subsets_equal_sklearn_and_delong(each: int) -> None:
    outcomes, _ = cohort(400, each=each)
    y, score = outcomes.target, outcomes.score
    units = units_of(np.array(outcomes.patients))
    members = np.random.default_rng(1).random((20, 400)) < 0.3
    found = Ordered.of(y, score).aucs(members, units)
    for k, chosen in enumerate(members):
        assert found.value[k] == pytest.approx(roc_auc_score(y[chosen], score[chosen]), abs=1e-12)
        _, moved = influence(y[chosen], score[chosen])
        variance = variance_of(moved, y[chosen], units[chosen])
        if each == 1:
            assert variance == pytest.approx(delong(y[chosen], score[chosen])[1], rel=1e-9)
        people = [float(np.unique(units[chosen & (y == c)]).size) for c in (0, 1)]
        regular = auc_variance(found.value[k], np.array(variance), *map(np.array, people))
        assert found.variance[k] == pytest.approx(float(regular), rel=1e-9)


@pytest.mark.parametrize("each", [1, 2])
def test_no_patient_is_in_both_halves_whatever_the_order_of_rows(each: int) -> None:
    outcomes, _ = cohort(501 * each, each=each)
    patients = np.array(outcomes.patients)
    half = search_half(patients, 3)
    assert not set(patients[half]) & set(patients[~half])
    assert (len(set(patients[half])), len(set(patients[~half]))) == (250, 251)
    order = np.random.default_rng(0).permutation(len(patients))
    np.testing.assert_array_equal(search_half(patients[order], 3), half[order])
    assert (search_half(patients, 4) != half).any()


def test_bins_are_chosen_on_the_search_half_alone() -> None:
    outcomes, _ = cohort()
    half = search_half(np.array(outcomes.patients), 0)
    moved = dict(outcomes.covariates)
    moved["age"] = np.where(half, moved["age"], np.minimum(moved["age"] + 30, 119))
    found = conditions_of(outcomes, half)
    assert (
        found.conditions
        == conditions_of(dataclasses.replace(outcomes, covariates=moved), half).conditions
    )
    of_age = [k for k, c in enumerate(found.conditions) if c.variable == "age"]
    known = np.isfinite(outcomes.covariates["age"])
    np.testing.assert_array_equal(found.inside[of_age].sum(axis=0), known)
    shares = found.inside[of_age][:, half].sum(axis=1) / (known & half).sum()
    np.testing.assert_allclose(shares, 0.25, atol=0.02)
    assert [c.value for c in found.conditions if c.variable == "visit"] == ["1", "2", "3"]


@pytest.mark.parametrize("each", [1, 2])
def test_candidates_are_all_subgroups_within_the_limits(each: int) -> None:
    outcomes, _ = cohort(1200 * each, each=each)
    patients, y = np.array(outcomes.patients), outcomes.target
    half = search_half(patients, 0)
    conditions, limits = conditions_of(outcomes, half), Limits(people=60, of_class=15)
    found = candidates_of(conditions, Counting.of(half, y, units_of(patients)), limits)
    among = [side & c for side in (half, ~half) for c in (y == 1, y == 0, y >= 0)]

    def people(inside: BoolArray) -> list[int]:
        return [len(set(patients[inside & of_class])) for of_class in among]

    expected = set()
    names = [c.variable for c in conditions.conditions]
    triples = [(a, b, c) for a in range(len(names)) for b in range(a) for c in range(b)]
    pairs = [(a, b) for a in range(len(names)) for b in range(a)]
    for one in (*triples, *pairs, *((a,) for a in range(len(names)))):
        inside = conditions.inside[list(one)].all(axis=0)
        counts = people(inside)
        parts = [[k for k in one if k != out] for out in one]
        around = [people(conditions.inside[part].all(axis=0)) for part in parts]
        rests = [[a - b for a, b in zip(part, counts, strict=True)] for part in around]
        if (
            len({names[k] for k in one}) == len(one)
            and min(counts) >= 15
            and min(counts[2], counts[5]) >= 60
            and min(people(y >= 0)[k] - counts[k] for k in range(6)) >= 15
            and all(min(rest) >= 11 for rest in rests)
        ):
            expected.add(tuple(sorted(one)))
    assert len(found) > 20
    assert max(map(len, found)) == 3
    assert set(found) == expected
    assert members_of(conditions, found[-1:]).sum() > 0


def test_the_test_is_that_of_a_report_on_two_groups() -> None:
    """p, limits and AUCs equal those of an audit in which the subgroup is a group of its own."""
    outcomes, planted = cohort(600, drop=0.5)
    found = against_others(planted[None], outcomes.target, outcomes.score, np.arange(600))
    attribute = dataclasses.replace(outcomes.attributes[0], name="planted", groups=("in", "out"))
    alone = dataclasses.replace(
        outcomes, attributes=(attribute,), codes={"planted": np.where(planted, 0, 1)}
    )
    settings = Settings(replicates=100)
    measured = scored(Names("m", "d", "s"), alone, 0.5, settings)
    report = summarise(measured, [plain(attribute, alone.codes["planted"])], {}, settings)
    [pair] = [c for c in report.contrasts if (c.metric, c.group_a) == ("auc", "in")]
    low, high = found.limits(settings.quantile)
    assert pair.value == pytest.approx(found.gap[0], abs=1e-12)
    assert pair.p == pytest.approx(found.p[0], rel=1e-6)
    assert (pair.low, pair.high) == pytest.approx((low[0], high[0]), abs=1e-9)
    assert found.correlation[0] == 0


def test_a_large_planted_drop_is_found_and_its_numbers_are_of_the_test_half() -> None:
    outcomes, planted = cohort(4000, drop=0.8)
    found = discover(outcomes, Search(seed=1))
    best = found.subgroups[0]
    assert best.name == "race = race 0 and gender = gender 0"
    assert best.reported
    np.testing.assert_array_equal(best.members, planted)
    half = search_half(np.array(outcomes.patients), 1)
    aucs = [
        roc_auc_score(outcomes.target[who & ~half], outcomes.score[who & ~half])
        for who in (planted, ~planted)
    ]
    assert best.gap == pytest.approx(aucs[0] - aucs[1], abs=1e-12)
    assert best.searched[2] + best.tested[2] == planted.sum()
    assert best.tested[0] == (planted & ~half & (outcomes.target == 1)).sum()
    p = adjusted(np.array([one.p for one in found.subgroups]), "holm")
    assert [one.p_adjusted for one in found.subgroups] == pytest.approx(list(p))
    assert len(found.subgroups) == 5


def test_patients_on_both_sides_are_correlated_and_the_same_seed_finds_the_same() -> None:
    outcomes, _ = cohort(1200, each=2, drop=0.5)
    units = units_of(np.array(outcomes.patients))
    visit = outcomes.covariates["visit"] == 1
    found = against_others(visit[None], outcomes.target, outcomes.score, units)
    assert found.correlation[0] != 0
    names = [[one.name for one in discover(outcomes, Search()).subgroups] for _ in range(2)]
    assert names[0] == names[1]


def test_too_few_people_are_refused_in_words() -> None:
    outcomes, _ = cohort(100)
    with pytest.raises(DataError, match="no subgroup has 100 people, 20 of them positive"):
        discover(outcomes, Search())
