"""Averages over labels against scikit-learn, fairlearn, one label alone, and the bootstrap."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from several_labels import several
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import RACE
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import resample
from fairness.statistics.changes import changes
from fairness.statistics.macro import METRICS, MacroScores
from fairness.statistics.settings import Settings

NAMES = [metric.name for metric in METRICS]
QUICK = Settings(replicates=100, suppress_below=0)


def of_label(measures: MacroScores, k: int) -> tuple[IntArray, FloatArray]:
    """Truth and score of the images whose label k is known."""
    rows = np.flatnonzero(measures.known[k])
    return measures.parts[k].positive[rows], measures.parts[k].score[rows]


def test_values_are_the_means_of_scikit_learns() -> None:
    measures = several()
    found = dict(zip(NAMES, measures.values(np.arange(300)), strict=True))
    labels = [of_label(measures, k) for k in range(4)]
    for name, metric in (("auc", roc_auc_score), ("average_precision", average_precision_score)):
        expected = np.mean([metric(y, s) for y, s in labels])
        assert found[f"macro_{name}"] == pytest.approx(expected, abs=1e-12)
    recall = np.mean([recall_score(y, s >= 0.5) for y, s in labels])
    assert found["macro_true_positive_rate"] == pytest.approx(recall, abs=1e-12)


def test_gaps_are_those_of_the_means_of_fairlearns_groups() -> None:
    measures, codes = several(), np.arange(300) % 3
    analysis = analyse(measures, np.arange(300), [plain(RACE, codes)], QUICK)
    found = {e.metric: e.value for e in analysis.estimates if e.attribute == "race"}
    rates = []
    for k in range(4):
        y, s = of_label(measures, k)
        frame = MetricFrame(
            metrics=recall_score,
            y_true=y,
            y_pred=s >= 0.5,
            sensitive_features=codes[measures.known[k]],
        )
        rates.append(np.asarray(frame.by_group))
    gap = np.ptp(np.mean(rates, axis=0))
    assert found["macro_equal_opportunity_difference"] == pytest.approx(gap, abs=1e-12)


@pytest.mark.parametrize("copies", [1, 3])
def test_copies_of_one_label_have_the_interval_of_that_label(copies: int) -> None:
    part = several(80, 1, unknown=0).parts[0]
    macro = MacroScores((part,) * copies, np.ones((copies, 80), dtype=bool))
    patients, groupings = np.arange(80), [plain(RACE, np.arange(80) % 2)]
    both = [analyse(one, patients, groupings, QUICK).estimates for one in (macro, part)]
    alone = {(e.group, e.metric): e for e in both[1]}
    compared = [e for e in both[0] if "precision" not in e.metric and "brier" not in e.metric]
    for e in (e for e in compared if e.metric in NAMES):
        expected = alone[e.group, e.metric.removeprefix("macro_")]
        for number, other in ((e.low, expected.low), (e.high, expected.high)):
            assert (number is None) == (other is None)
            assert number is None or number == pytest.approx(other, abs=1e-9)


def test_patients_with_copies_of_their_images_are_no_more_precise() -> None:
    once, twice = several(120, unknown=0), np.repeat(np.arange(120), 2)
    parts = [replace(p, positive=p.positive[twice], score=p.score[twice]) for p in once.parts]
    doubled = MacroScores(tuple(parts), np.ones((4, 240), dtype=bool))
    expected = once.precision(np.arange(120), np.arange(120))
    for found, of_one in zip(doubled.precision(np.arange(240), twice), expected, strict=True):
        np.testing.assert_allclose(found, of_one, rtol=1e-9)


@pytest.mark.parametrize("shared", [0.0, 0.9])
def test_variances_are_those_of_the_bootstrap(shared: float) -> None:
    measures, rows = several(800, shared=shared), np.arange(800)
    weights = resample(rows, np.zeros(800, dtype=np.int64), 3000, np.random.default_rng(1))
    replicates = measures.replicator(rows, frozenset(NAMES))(weights)
    variance, _ = measures.precision(rows, rows)
    for name, found in zip(NAMES, variance, strict=True):
        assert np.sqrt(found) == pytest.approx(replicates[name].std(), rel=0.08), name


def test_replicates_are_the_values_of_the_images_drawn() -> None:
    measures, rows = several(), np.arange(20, 300)
    weights = resample(rows, np.zeros(280, dtype=np.int64), 20, np.random.default_rng(1))
    found = measures.replicator(rows, frozenset(NAMES))(weights)
    for r, drawn in enumerate(weights.T):
        expected = measures.values(np.repeat(rows, drawn.astype(int)))
        np.testing.assert_allclose([found[n][r] for n in NAMES], expected, rtol=2e-5)


def test_unknown_labels_take_no_part() -> None:
    measures, rows = several(), np.arange(300)
    parts = [
        replace(
            part, positive=np.where(kept, part.positive, 1), score=np.where(kept, part.score, 9)
        )
        for part, kept in zip(measures.parts, measures.known, strict=True)
    ]
    changed = replace(measures, parts=tuple(parts))
    np.testing.assert_array_equal(changed.values(rows), measures.values(rows))
    for found, expected in zip(
        changed.precision(rows, rows), measures.precision(rows, rows), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_an_average_is_undefined_where_a_label_is() -> None:
    measures = several(40, unknown=0)
    parts = (*measures.parts[1:], replace(measures.parts[0], positive=np.zeros(40, dtype=np.int64)))
    analysis = analyse(replace(measures, parts=parts), np.arange(40), [], QUICK)
    found = {e.metric: (e.value, e.reason) for e in analysis.estimates}
    assert found["macro_auc"] == (None, "a label has only one class")
    assert found["macro_true_positive_rate"] == (None, "a label has no positive case")
    assert found["macro_false_positive_rate"][0] is not None


def test_perfect_labels_keep_the_doubt_of_as_many_cases_as_the_rarer_class_has() -> None:
    y = np.arange(40) % 4 == 0
    perfect = BinaryScores(y.astype(np.int64), y * 0.8 + 0.1, 0.5)
    measures = MacroScores((perfect,) * 5, np.ones((5, 40), dtype=bool))
    found = {e.metric: e for e in analyse(measures, np.arange(40), [], QUICK).estimates}
    auc = found["macro_auc"]
    assert (auc.value, auc.high) == (1.0, 1.0)
    assert auc.low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)  # Wilson, 10 of 10


def test_labels_decided_alike_are_doubted() -> None:
    measures = several(unknown=0)
    parts = (replace(measures.parts[0], threshold=2.0), *measures.parts[1:])
    found = replace(measures, parts=parts).doubts(np.arange(300))
    assert found["macro_accuracy"] == "every case is decided alike in 1 of 4 labels"
    assert "macro_auc" not in found
    assert measures.doubts(np.arange(300)) == {}


def test_a_change_has_the_interval_of_the_paired_bootstrap() -> None:
    old, n = several(400), 400
    rng = np.random.default_rng(3)
    parts = [replace(p, score=p.score + rng.normal(0, 0.1, n)) for p in old.parts]
    new, patients = replace(old, parts=tuple(parts)), [f"{i:03}" for i in range(n)]
    found: Any = {c.metric: c for c in changes(new, old, patients, [], QUICK)}["macro_auc"]
    weights = resample(np.arange(n), np.zeros(n, dtype=np.int64), 2000, rng)
    both = [m.replicator(np.arange(n), frozenset(NAMES))(weights)["macro_auc"] for m in (new, old)]
    assert found.high - found.low == pytest.approx(2 * 1.966 * (both[0] - both[1]).std(), rel=0.1)
