"""Models of several classes against scikit-learn and the bootstrap."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    roc_auc_score,
)

from fairness.attributes import GENDER
from fairness.errors import DataError
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.bootstrap import resample
from fairness.statistics.macro import METRICS as OF_MACRO
from fairness.statistics.multiclass import ClassScores
from fairness.statistics.settings import Settings

NAMES = ("accuracy", "balanced_accuracy", "quadratic_weighted_kappa")
QUICK = Settings(replicates=100, suppress_below=0)


def grades(n: int = 400, noise: float = 0.7, seed: int = 0) -> ClassScores:
    rng = np.random.default_rng(seed)
    y = rng.choice(4, n, p=[0.5, 0.2, 0.2, 0.1])
    seen = y + rng.normal(0, noise, n)
    scores = np.exp(-((seen[:, None] - np.arange(4)) ** 2))
    return ClassScores(y, scores / scores.sum(1, keepdims=True), tuple("ABCD"), ordered=True)


def test_values_by_group_are_scikit_learns() -> None:
    measures, codes = grades(), np.arange(400) % 2
    found = analyse(measures, np.arange(400), [plain(GENDER, codes)], QUICK).estimates
    values: Any = {(e.group, e.metric): e.value for e in found}
    for code, group in enumerate(GENDER.groups):
        y, called = measures.target[codes == code], measures.decision[codes == code]
        expected = {
            "accuracy": accuracy_score(y, called),
            "balanced_accuracy": balanced_accuracy_score(y, called),
            "quadratic_weighted_kappa": cohen_kappa_score(y, called, weights="quadratic"),
        }
        for name, value in expected.items():
            assert values[group, name] == pytest.approx(value, abs=1e-12)
    gap = abs(np.subtract(*(values[g, NAMES[2]] for g in GENDER.groups)))
    assert values["all", "quadratic_weighted_kappa_difference"] == pytest.approx(gap)


def test_one_class_against_the_others_is_decided_by_the_highest_score() -> None:
    measures, rows = grades(), np.arange(400)
    macro = dict(zip([m.name for m in OF_MACRO], measures.macro().values(rows), strict=True))
    expected = roc_auc_score(measures.target, measures.scores, multi_class="ovr", average="macro")
    assert macro["macro_auc"] == pytest.approx(expected, abs=1e-12)
    # The recalls of the classes, whose mean is the balanced accuracy.
    assert macro["macro_true_positive_rate"] == pytest.approx(measures.values(rows)[1], abs=1e-12)
    assert macro["macro_selection_rate"] == pytest.approx(1 / 4)


@pytest.mark.parametrize("noise", [0.3, 0.7, 2.0])
def test_variances_are_those_of_the_bootstrap(noise: float) -> None:
    measures, rows = grades(800, noise), np.arange(800)
    weights = resample(rows, np.zeros(800, dtype=np.int64), 3000, np.random.default_rng(1))
    replicates = measures.replicator(rows, frozenset(NAMES))(weights)
    variance, _ = measures.precision(rows, rows)
    for name, found in zip(NAMES, variance, strict=True):
        assert np.sqrt(found) == pytest.approx(replicates[name].std(), rel=0.08), name


def test_replicates_are_the_values_of_the_cases_drawn() -> None:
    measures, rows = grades(), np.arange(10, 400)
    weights = resample(rows, np.zeros(390, dtype=np.int64), 20, np.random.default_rng(1))
    found = measures.replicator(rows, frozenset(NAMES))(weights)
    for r, drawn in enumerate(weights.T):
        expected = measures.values(np.repeat(rows, drawn.astype(int)))
        np.testing.assert_allclose([found[n][r] for n in NAMES], expected, rtol=1e-4)


def test_images_of_a_patient_move_together() -> None:
    once, twice = grades(120), np.repeat(np.arange(120), 2)
    doubled = replace(once, target=once.target[twice], scores=once.scores[twice])
    expected = once.precision(np.arange(120), np.arange(120))
    for found, of_one in zip(doubled.precision(np.arange(240), twice), expected, strict=True):
        np.testing.assert_allclose(found, of_one, rtol=1e-9)


def test_perfect_agreement_keeps_its_doubt() -> None:
    perfect = grades(60, noise=0.0)
    found = {e.metric: e for e in analyse(perfect, np.arange(60), [], QUICK).estimates}
    for name in NAMES:
        low = found[name].low
        assert found[name].value == 1.0
        assert found[name].high == 1.0
        assert low is not None
        assert 0.2 < low < 0.97


def test_without_order_there_is_no_kappa() -> None:
    measures = replace(grades(), ordered=False)
    found = analyse(measures, np.arange(400), [plain(GENDER, np.arange(400) % 2)], QUICK)
    metrics = {e.metric for e in found.estimates}
    assert metrics >= {"accuracy", "balanced_accuracy_worst"}
    assert not any("kappa" in name for name in metrics)


def test_a_group_without_a_class_has_no_balanced_accuracy() -> None:
    measures = grades()
    codes = (measures.target == 3).astype(np.int64)
    found = analyse(measures, np.arange(400), [plain(GENDER, codes)], QUICK).estimates
    group = {e.metric: e for e in found if e.group == GENDER.groups[0]}
    assert group["balanced_accuracy"].value is None
    assert group["balanced_accuracy"].reason == "a class has no case"
    assert group["quadratic_weighted_kappa"].value is not None


def test_cases_all_called_one_class_are_doubted() -> None:
    measures = grades()
    rows = np.flatnonzero(measures.decision == 2)
    assert measures.doubts(rows)["accuracy"] == "every case is predicted to be 'C'"
    assert measures.doubts(np.arange(400)) == {}


def test_kappa_of_cases_of_one_class_is_doubted_and_says_nothing() -> None:
    measures = replace(grades(60), target=np.zeros(60, dtype=np.int64))
    analysis = analyse(measures, np.arange(60), [], QUICK)
    kappa: Any = {e.metric: e for e in analysis.estimates}["quadratic_weighted_kappa"]
    assert kappa.value == pytest.approx(0.0)
    assert kappa.high - kappa.low > 0.5
    assert kappa.reason == "every case is 'A'"


def test_a_score_that_is_nan_is_refused() -> None:
    measures = grades(5)
    measures.scores[3, 1] = np.nan
    with pytest.raises(DataError, match="case 3"):
        measures.values(np.arange(5))
