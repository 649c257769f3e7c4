"""Which cases of several labels, and of classes, are shown: held to a plain search."""

import numpy as np
import pytest

from audit.cases import BORDERLINE, UNDECIDED, WORST, chapters
from fairness.attributes import Attribute
from fairness.outcomes import Answered, Cases
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask

N, K = 90, 3
SEX = Attribute("sex", ("F", "M"))


@pytest.fixture
def cases() -> Cases:
    ids = tuple(f"s{i:02}" for i in range(N))
    codes = np.random.default_rng(1).integers(-1, 2, N)
    return Cases(ids=ids, patients=ids, attributes=(SEX,), codes={"sex": codes}, covariates={})


def nearest(cases: Cases, rows: list[int], size: dict[int, float]) -> dict[str, list[str]]:
    """The K ids of least size in each group, found one by one."""
    found = {}
    for code, name in ((0, "F"), (1, "M"), (-1, "unknown")):
        of_group = [i for i in rows if cases.codes["sex"][i] == code]
        found[name] = [cases.ids[i] for i in sorted(of_group, key=lambda i: size[i])[:K]]
    return found


def test_of_each_label_only_cases_with_a_known_truth_are_shown(cases: Cases) -> None:
    rng = np.random.default_rng(2)
    truth, scores = rng.integers(-1, 2, (N, 2)), rng.uniform(size=(N, 2))
    task = MultilabelTask(labels=("Mass", "Nodule"), thresholds=(0.5, 0.2))
    values = {name: scores[:, k] for k, name in enumerate(task.value_names)}
    found = chapters(task, Answered(cases=cases, labels=truth, values=values), K)
    assert [one.title for one in found] == [
        "Mass: positive from 0.500 on", "Nodule: positive from 0.200 on",
    ]  # fmt: skip
    for k, cut in enumerate((0.5, 0.2)):
        rows = [i for i in range(N) if truth[i, k] >= 0]
        wrong = {i: -abs(float(truth[i, k] - scores[i, k])) for i in rows}
        near = {i: abs(float(scores[i, k] - cut)) for i in rows}
        for why, size in ((WORST, wrong), (BORDERLINE, near)):
            shown = {
                group: list(facts)
                for (_, group, said), facts in found[k].places.items()
                if said == why
            }
            assert shown == nearest(cases, rows, size)
    place, facts = next(iter(found[1].places.items()))
    assert place == ("sex", "F", WORST)
    id_, said = next(iter(facts.items()))
    i = cases.ids.index(id_)
    words = "positive" if truth[i, 1] else "negative"
    assert said == f"score {scores[i, 1]:.3f}, truth {words}"


def test_of_each_class_the_least_likely_and_the_undecided_are_shown(cases: Cases) -> None:
    rng = np.random.default_rng(3)
    truth, scores = rng.integers(0, 3, N), rng.dirichlet((1, 1, 1), N)
    task = MulticlassTask(classes=("none", "mild", "severe"), ordered=True)
    values = {name: scores[:, k] for k, name in enumerate(task.value_names)}
    found = chapters(task, Answered(cases=cases, labels=truth, values=values), K)
    assert [one.title for one in found] == ["truth none", "truth mild", "truth severe"]
    for code in range(3):
        rows = [i for i in range(N) if truth[i] == code]
        likely = {i: float(scores[i, code]) for i in rows}
        close = {i: float(np.diff(np.sort(scores[i])[-2:])[0]) for i in rows}
        for why, size in ((WORST, likely), (UNDECIDED, close)):
            shown = {
                group: list(facts)
                for (_, group, said), facts in found[code].places.items()
                if said == why
            }
            assert shown == nearest(cases, rows, size)
    id_ = next(iter(found[0].places["sex", "F", WORST]))
    row = scores[cases.ids.index(id_)]
    likeliest = task.classes[int(row.argmax())]
    said = f"{row[0]:.3f} for none, {row.max():.3f} for {likeliest}"
    assert found[0].places["sex", "F", WORST][id_] == said


def test_none_are_shown_where_none_are_wanted(cases: Cases) -> None:
    task = MultilabelTask(labels=("Mass",), thresholds=(0.5,))
    values = {name: np.full(N, 0.4) for name in task.value_names}
    answered = Answered(cases=cases, labels=np.zeros((N, 1), dtype=np.int64), values=values)
    assert chapters(task, answered, 0) == []
