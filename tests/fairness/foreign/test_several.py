"""Descriptions of models with several labels, or classes, and how their answers are read."""

from pathlib import Path

import numpy as np
import pytest

from fairness.errors import UsageError
from fairness.foreign.answers import fault_of_columns, probabilities
from fairness.foreign.description import Scores
from fairness.foreign.model_yaml import read_model_yaml

LABELS = """task: multilabel
threshold: 0.5
thresholds: {Mass: 0.3}
input: {name: x, layout: NCHW}
output:
  name: y
  holds: logit
  labels: {Effusion: 3, Mass: 0}
"""
CLASSES = """task: multiclass
input: {name: x, layout: NCHW}
output:
  name: y
  holds: logits
  classes: [none, mild, severe]
  ordered: true
"""


def read(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    read_model_yaml(tmp_path / "m.yaml")


def test_a_description_says_names_thresholds_and_order(tmp_path: Path) -> None:
    for text in (LABELS, CLASSES):
        (tmp_path / f"{len(text)}.yaml").write_text(text)
    several, classes = (
        read_model_yaml(tmp_path / f"{len(text)}.yaml").description.spec()
        for text in (LABELS, CLASSES)
    )
    assert several.class_names == ("Effusion", "Mass")
    assert several.threshold is not None
    assert [several.threshold.of(label) for label in several.class_names] == [0.5, 0.3]
    assert (classes.class_names, classes.ordered) == (("none", "mild", "severe"), True)
    assert classes.threshold is None


@pytest.mark.parametrize(
    ("text", "old", "new", "said"),
    [
        (LABELS, "labels: {Effusion: 3, Mass: 0}", "positive: 1", "line 5, output.labels: task"),
        (LABELS, "task: multilabel", "task: classification", "output.labels: task: multilabel and"),
        (LABELS, "Mass: 0}", "Mass: 3}", "line 8, output.labels: names something twice"),
        (LABELS, "Mass: 0}", "Mass: true}", "line 8, output.labels"),
        (LABELS, "Mass: 0}", "'Mass,x': 0}", "'Mass,x' holds , = "),
        (LABELS, "holds: logit", "holds: logits", "line 7, output.holds: .*write logit"),
        (LABELS, "  holds", "  positive: 1\n  holds", "line 7, output.positive: is of one score"),
        (LABELS, "{Mass: 0.3}", "{Hernia: 0.3}", "line 3, thresholds: 'Hernia' is none of"),
        (LABELS, "threshold: 0.5\n", "", "thresholds: has none for 'Effusion'"),
        (LABELS, "{Mass: 0.3}", "{Mass: 1.3}", "line 3, thresholds.Mass"),
        (CLASSES, "[none, mild, severe]", "[none, mild]", "line 6, output.classes"),
        (CLASSES, "severe]", "mild]", "line 6, output.classes: names something twice"),
        (CLASSES, "severe]", "no]", "YAML reads this word as yes or no"),
        (CLASSES, "holds: logits", "holds: logit", "output.holds: .*write logits"),
        (CLASSES, "input:", "threshold: 0.5\ninput:", "line 2, threshold: the likeliest class"),
        (CLASSES, "  classes: [none, mild, severe]", "  labels: {a: 0}", "output.labels: task"),
    ],
)
def test_contradictions_name_the_line(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    assert old in text
    read(tmp_path, text)
    with pytest.raises(UsageError, match=said):
        read(tmp_path, text.replace(old, new))


def test_columns_are_read_in_the_order_of_the_labels() -> None:
    said = Scores(name="y", holds="logit", labels={"Effusion": 3, "Mass": 0})
    logits = np.array([[0.0, 9, 9, 1], [2, 9, 9, -1]], np.float32)
    found = probabilities(logits, said, 2)
    expected = 1 / (1 + np.exp(-logits[:, [3, 0]].astype(float)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_classes_go_through_one_softmax() -> None:
    said = Scores(name="y", holds="logits", classes=("a", "b", "c"))
    logits = np.array([[0.0, 1, 2]], np.float32)
    raised = np.exp(logits.astype(float))
    np.testing.assert_allclose(probabilities(logits, said, 1), raised / raised.sum(), rtol=1e-6)


def test_the_number_of_columns_must_fit() -> None:
    several = Scores(name="y", holds="probability", labels={"Effusion": 3, "Mass": 0})
    classes = Scores(name="y", holds="probability", classes=("a", "b", "c"))
    assert fault_of_columns(4, several) is None
    assert fault_of_columns(3, several) == "has 3 columns, so there is no column 3"
    assert fault_of_columns(3, classes) is None
    assert fault_of_columns(4, classes) == "has 4 columns for 3 classes"
