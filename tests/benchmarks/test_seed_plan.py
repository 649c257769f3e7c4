"""Plans of seeds against statsmodels, and against simulated runs of the whole rule."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from benchmarks.seed_plan import ALPHA, SeedPlan, announce, detectable
from fairness.arrays import FloatArray
from fairness.errors import UsageError

RUNS = 20_000


def share_found(plan: SeedPlan) -> float:
    """Share of simulated runs without a difference that find one at some look of the plan."""
    drawn = np.random.default_rng(2).normal(size=(RUNS, plan.looks[-1]))
    found = np.zeros(RUNS, dtype=bool)
    for seeds in plan.looks:
        p = stats.ttest_1samp(drawn[:, :seeds], 0.0, axis=1).pvalue
        found |= p <= plan.level(seeds)
    return float(found.mean())


@pytest.mark.parametrize(
    ("seeds", "level", "power"), [(5, 0.05, 0.8), (4, 0.05, 0.7), (30, 0.01, 0.9)]
)
def test_what_seeds_could_detect_equals_statsmodels(seeds: int, level: float, power: float) -> None:
    expected = TTestPower().solve_power(nobs=seeds, alpha=level, power=power)
    assert detectable(1.0, seeds, level, power) == pytest.approx(expected, rel=1e-4)
    assert detectable(0.07, seeds, level, power) == pytest.approx(0.07 * expected, rel=1e-4)


@pytest.mark.parametrize(("seeds", "level", "power"), [(5, 0.05, 0.8), (4, 0.01, 0.9)])
def test_a_difference_of_that_size_is_found_as_often_as_said(
    seeds: int, level: float, power: float
) -> None:
    """At 4 seeds and a level of 0.01 statsmodels meets a nan of scipy's, and stops too early."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(detectable(1.0, seeds, level, power), 1.0, (RUNS, seeds))
    found = stats.ttest_1samp(drawn, 0.0, axis=1).pvalue <= level
    assert found.mean() == pytest.approx(power, abs=0.01)


@pytest.mark.parametrize("looks", [(5,), (5, 10), (3, 4, 5, 6, 7, 8, 9, 10)])
def test_seeds_added_by_the_rule_find_nothing_where_nothing_is(looks: tuple[int, ...]) -> None:
    plan = SeedPlan(looks)
    assert sum(plan.levels()) == pytest.approx(ALPHA, abs=1e-12)
    error = share_found(plan)
    assert 0.02 < error <= 0.065


def test_seeds_added_without_a_rule_find_more_than_they_should() -> None:
    """The same looks, each at the full level: what the rule is for."""
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(RUNS, 10))
    found = [stats.ttest_1samp(drawn[:, :n], 0.0, axis=1).pvalue <= ALPHA for n in range(3, 11)]
    assert np.any(found, axis=0).mean() > 0.12


def test_one_run_is_judged_at_the_level_of_its_look() -> None:
    differences: FloatArray = np.array([0.9, 1.1, 1.0, 1.2, 0.3])
    p = float(stats.ttest_1samp(differences, 0.0).pvalue)
    assert SeedPlan((5,)).rejects(differences) == (p <= ALPHA)
    assert not SeedPlan((5, 50)).rejects(differences)


@pytest.mark.parametrize("looks", [(), (1, 5), (5, 5), (10, 5)])
def test_a_plan_that_does_not_increase_is_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="increasing numbers from 2 on"):
        SeedPlan(looks)


def test_a_look_that_was_not_planned_is_refused() -> None:
    with pytest.raises(
        UsageError, match="6 seeds are not of the plan: it looks at 5, 10 and stops"
    ):
        SeedPlan((5, 10)).rejects(np.arange(6.0))


def test_the_plan_is_printed_with_what_it_could_detect(capsys: pytest.CaptureFixture[str]) -> None:
    announce(SeedPlan((5,)), {"AUC": 0.011}, "of an earlier run")
    said = capsys.readouterr().out
    assert (
        f"5 seeds, level 0.05: found with probability 0.8: AUC {detectable(0.011, 5):.3g}" in said
    )
    assert "no seed beyond 5 will be added" in said
