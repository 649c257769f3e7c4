"""Readings of models of several labels and of classes, and which labels an average is over."""

import numpy as np
import pytest

from fairness.errors import DataError
from fairness.group_input import RECORDED
from fairness.outcomes import Answered, Cases, Names
from fairness.samples import Batch
from fairness.statistics.settings import Settings
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask

NAMES = Names("m", "d", "s")
LABELS = MultilabelTask(("a", "b"), (0.5, 0.2))
CLASSES = MulticlassTask(("x", "y", "z"), ordered=False)
BATCH = Batch(("s1", "s2"), np.zeros((2, 4, 4), np.uint8), np.zeros((2, 2)), {}, (None, None))


def test_each_label_has_its_column() -> None:
    found = LABELS.read(BATCH, {RECORDED: np.array([[0.1, 0.9], [1.0, 0.0]], np.float32)})
    assert {name: values.round(6).tolist() for name, values in found.items()} == {
        "score:a": [0.1, 1.0],
        "score:b": [0.9, 0.0],
    }


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([[0.1], [0.2]], r"shape \(2, 1\) for samples s1..s2, expected \(2, 2\)"),
        ([[0.1, 0.2], [0.3, 1.5]], "answered 1.5 for 'b' of sample s2, which is no probability"),
        ([[np.nan, 0.2], [0.3, 0.5]], "answered nan for 'a' of sample s1"),
    ],
)
def test_an_answer_that_is_none_names_label_and_sample(
    answer: list[list[float]], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        LABELS.read(BATCH, {RECORDED: np.array(answer)})


def test_probabilities_of_classes_sum_to_one() -> None:
    nearly = np.array([[0.2, 0.3, 0.501], [0.0, 1.0, 0.0]])
    assert CLASSES.read(BATCH, {RECORDED: nearly})["score:z"].tolist() == [0.501, 0.0]
    with pytest.raises(DataError, match="sum to 1.3 for sample s2, not to 1.*multilabel"):
        CLASSES.read(BATCH, {RECORDED: np.array([[0.2, 0.3, 0.5], [0.3, 1.0, 0.0]])})


def test_labels_of_few_people_take_no_part_in_averages() -> None:
    rng = np.random.default_rng(0)
    target = (rng.random((200, 3)) < 0.4).astype(np.int64)
    target[:, 1] = np.arange(200) < 5  # too few to be shown
    target[:7, 2] = -1
    people = tuple(map(str, range(200)))
    cases = Cases(ids=people, patients=people, attributes=(), codes={}, covariates={})
    task = MultilabelTask(("a", "b", "c"), (0.5, 0.5, 0.2))
    scores = rng.random((200, 3))
    values = dict(zip(task.value_names, scores.T, strict=True))
    answered = Answered(cases=cases, labels=target, values=values)
    macro, micro, *single = task.measured(answered, NAMES, Settings())
    assert [one.names.label for one in single] == ["a", "b", "c"]
    assert [len(one.cases) for one in single] == [200, 200, 193]
    rows = np.arange(200)
    of_each = [one.measures.values(np.arange(len(one.cases))) for one in single]
    auc = [metric.name for metric in single[0].measures.metrics].index("auc")
    at = [metric.name for metric in macro.measures.metrics].index("macro_auc")
    expected = (of_each[0][auc] + of_each[2][auc]) / 2
    assert macro.measures.values(rows)[at] == pytest.approx(expected)
    assert len(micro.cases) == 393
    everything = task.measured(answered, NAMES, Settings(suppress_positives_below=0))
    at_all = everything[0].measures.values(rows)[at]
    assert at_all == pytest.approx(np.mean([values[auc] for values in of_each]))
