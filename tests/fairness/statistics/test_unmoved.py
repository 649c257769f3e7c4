"""Changes that (nearly) nobody moved: exact binomial limits, and how often they hold the truth."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from fairness.arrays import FloatArray
from fairness.outcomes import Contrast
from fairness.statistics.binary import BinaryScores
from fairness.statistics.case_scores import CaseScore, CaseScores
from fairness.statistics.changes import changes
from fairness.statistics.gap_changes import gap_change
from fairness.statistics.macro import MacroScores
from fairness.statistics.multiclass import ClassScores
from fairness.statistics.settings import Settings
from fairness.statistics.unmoved import unmoved_mean

SETTINGS = Settings(suppress_below=0, inferential_from=0, replicates=100)
Q = float(norm.ppf(0.975))


def dice(values: FloatArray) -> CaseScores:
    return CaseScores((CaseScore("dice", values), CaseScore("hd95", values, span=(0.0, np.inf))))


def change_of(old: FloatArray, new: FloatArray, patients: list[str]) -> dict[str, Contrast]:
    found = changes(dice(new), dice(old), patients, [], SETTINGS)
    return {c.metric: c for c in found}


@pytest.mark.parametrize("moved", [0, 1, 4])
def test_the_share_that_would_move_has_the_exact_binomial_limit(moved: int) -> None:
    differences = np.zeros(60)
    differences[:moved] = 0.1
    found = unmoved_mean(differences, np.arange(60), 60.0, 2.0)
    assert found is not None
    exact = binomtest(moved, 60).proportion_ci(0.95, "exact")
    assert found.limits(Q) == pytest.approx((-2 * exact.high, 2 * exact.high), abs=1e-9)


def test_more_movers_or_no_bound_are_left_to_other_intervals() -> None:
    assert unmoved_mean(np.eye(60)[:5].sum(0), np.arange(60), 60.0, 1.0) is None
    assert unmoved_mean(np.zeros(60), np.arange(60), 60.0, np.inf) is None


def test_all_moved_alike_can_only_be_followed_so_far_as_the_range_reaches() -> None:
    rng = np.random.default_rng(0)
    old = rng.uniform(0, 0.7, 40)
    people = [str(i) for i in range(40)]
    one = change_of(old, old + 0.25, people)["dice"]
    share = 1 - 0.025 ** (1 / 40)
    assert (one.low, one.high) == pytest.approx((0.25 - 1.25 * share, 0.25 + 0.75 * share))
    assert one.p is not None
    assert one.p < 0.05


def test_patients_count_whole_and_unbounded_numbers_say_why_they_have_no_interval() -> None:
    values = np.random.default_rng(0).uniform(0, 1, 80)
    people = [str(i // 2) for i in range(80)]
    found = change_of(values, values, people)
    assert found["dice"].high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert found["dice"].p == found["dice"].p_adjusted == 1
    assert found["hd95"].low is None
    assert found["hd95"].reason is not None
    assert "no bound" in found["hd95"].reason
    alike = change_of(values, values + 1e-7, people)["dice"]  # what float32 does
    assert alike.high == pytest.approx(1 - 0.025 ** (1 / 40), rel=1e-4)


@pytest.mark.parametrize(("rate", "size"), [(0.01, 1.0), (0.03, 1.0), (0.06, 0.3)])
def test_rare_differences_are_held_in_19_of_20_samples(rate: float, size: float) -> None:
    """Student's alone holds the second of them in 80 %: a sample without the rare shows nothing."""
    rng = np.random.default_rng(7)
    people = [str(i) for i in range(100)]
    held = []
    for _ in range(400):
        moved = size * (rng.uniform(size=100) < rate)
        one = change_of(np.zeros(100), moved, people)["dice"]
        assert one.low is not None
        assert one.high is not None
        held.append(one.low <= rate * size <= one.high)
    assert np.mean(held) > 0.93


def labels() -> tuple[MacroScores, ClassScores]:
    rng = np.random.default_rng(1)
    score = rng.uniform(0, 1, (2, 90))
    target = np.stack([np.arange(90) % 2, np.arange(90) % 3 // 2])
    parts = tuple(BinaryScores(y, s, 0.5) for y, s in zip(target, score, strict=True))
    classes = ClassScores(np.arange(90) % 3, rng.dirichlet(np.ones(3), 90), ("a", "b", "c"), True)
    return MacroScores(parts, np.ones((2, 90), dtype=bool)), classes


def test_averages_over_labels_have_that_of_the_harmonic_mean_of_their_patients() -> None:
    macro, classes = labels()
    people = [str(i) for i in range(90)]
    found = {c.metric: c for c in changes(macro, macro, people, [], SETTINGS)}
    several = {c.metric: c for c in changes(classes, classes, people, [], SETTINGS)}
    of_positives = 2 / (1 / 45 + 1 / 30)
    assert found["macro_true_positive_rate"].high == pytest.approx(1 - 0.025 ** (1 / of_positives))
    assert found["macro_auc"].high == pytest.approx(1 - 0.025 ** (1 / of_positives))
    assert found["macro_brier_score"].high == pytest.approx(1 - 0.025 ** (1 / 90))
    assert several["balanced_accuracy"].high == pytest.approx(1 - 0.025 ** (1 / 30))
    bare = {name for name, c in {**found, **several}.items() if c.low is None}
    assert bare == {
        "macro_positive_predictive_value",
        "macro_average_precision",
        "quadratic_weighted_kappa",
    }


def test_a_gap_between_groups_that_did_not_move_has_an_interval_too() -> None:
    values = dice(np.random.default_rng(0).uniform(0, 1, 80))
    people = [str(i) for i in range(80)]
    rows = (np.arange(30), np.arange(30, 80))
    one = gap_change(values, values, people, ("sex", "dice", "m", "f"), rows, SETTINGS)
    sides = [1 - 0.025 ** (1 / n) for n in (30, 50)]
    assert one.high == pytest.approx(float(np.hypot(*sides)))
    assert one.p == 1
