"""The micro average against scikit-learn, one label alone, and the bootstrap of patients."""

import numpy as np
import pytest
from several_labels import several
from sklearn.metrics import average_precision_score, recall_score, roc_auc_score

from fairness.attributes import RACE
from fairness.groups import plain
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import resample
from fairness.statistics.macro import MacroScores
from fairness.statistics.micro import KEPT, micro_average
from fairness.statistics.settings import Settings

QUICK = Settings(replicates=100, suppress_below=0)


def test_values_are_those_of_the_known_pairs() -> None:
    labels = several()
    micro, row = micro_average(labels)
    assert len(row) == labels.known.sum()
    found = dict(zip(KEPT, micro.values(np.arange(len(row))), strict=True))
    y = np.stack([part.positive for part in labels.parts])[labels.known]
    s = np.stack([part.score for part in labels.parts])[labels.known]
    assert found["auc"] == pytest.approx(roc_auc_score(y, s), abs=1e-12)
    assert found["average_precision"] == pytest.approx(average_precision_score(y, s), abs=1e-12)
    assert found["true_positive_rate"] == recall_score(y, s >= 0.5)


def test_each_label_keeps_its_own_threshold() -> None:
    labels = several(unknown=0)
    parts = tuple(
        BinaryScores(p.positive, p.score, t)
        for p, t in zip(labels.parts, (0, 1, 1, 1), strict=True)
    )
    micro, _ = micro_average(MacroScores(parts, labels.known))
    rate = micro.values(np.arange(1200))[KEPT.index("selection_rate")]
    assert rate == 0.25


def test_copies_of_a_label_are_as_precise_as_that_label() -> None:
    part = several(90, 1, unknown=0).parts[0]
    micro, row = micro_average(MacroScores((part,) * 3, np.ones((3, 90), dtype=bool)))
    codes = np.arange(90) % 2
    many = analyse(micro, row, [plain(RACE, codes[row])], QUICK)
    once = analyse(part, np.arange(90), [plain(RACE, codes)], QUICK)
    alone = {(e.group, e.metric): e for e in once.estimates}
    names = set(KEPT) - {"average_precision", "brier_score"}
    compared = [e for e in many.estimates if e.metric in names and e.attribute == "race"]
    assert len(compared) == 5 * len(names)  # three races, the unknown, all
    for e in compared:
        expected = alone[e.group, e.metric]
        assert e.value == pytest.approx(expected.value, abs=1e-12)
        assert [e.low, e.high] == pytest.approx([expected.low, expected.high], abs=1e-9)


def test_variances_are_those_of_the_bootstrap_of_patients() -> None:
    micro, row = micro_average(several(800, shared=0.8))
    weights = resample(row, np.zeros(len(row), dtype=np.int64), 1500, np.random.default_rng(1))
    replicates = micro.replicator(np.arange(len(row)), frozenset(KEPT))(weights)
    variance, _ = micro.precision(np.arange(len(row)), row)
    for name in ("auc", "average_precision", "brier_score", "accuracy"):
        found = np.sqrt(variance[KEPT.index(name)])
        assert found == pytest.approx(replicates[name].std(), rel=0.08), name


def test_no_pair_is_undefined_not_an_error() -> None:
    micro, _ = micro_average(several())
    nothing = np.array([], dtype=np.int64)
    assert np.isnan(micro.values(nothing)).all()
    assert np.isnan(micro.precision(nothing, nothing)[0]).all()
    assert micro.case_values(nothing).shape == (len(KEPT), 0)
