"""Reports of several labels on the same people: no small count follows from all together."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from attacker import FEW, FEW_OF_A_CLASS, Attacker, Printed, random_people

from fairness.arrays import IntArray
from fairness.disclosure.labels import divided
from fairness.groups import Grouping, intersection
from fairness.outcomes import Answered, Cases, Names
from fairness.statistics.settings import Settings
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.task import Task

LEAST, ROOM = 11, 5
LABELS = ("a", "b", "c")
RARE = (0.03, 0.3, 0.1)


def samples(groupings: Sequence[Grouping], labels: IntArray, values: Sequence[str]) -> Answered:
    n = len(labels)
    rng = np.random.default_rng(0)
    cases = Cases(
        ids=tuple(map(str, range(n))),
        patients=tuple(map(str, range(n))),
        attributes=tuple(g.attribute for g in groupings),
        codes={g.attribute.name: g.codes for g in groupings},
        covariates={},
    )
    scores = rng.dirichlet(np.ones(len(values)), n)
    return Answered(cases=cases, labels=labels, values=dict(zip(values, scores.T, strict=True)))


def judged_by_label(
    task: Task, answered: Answered, groupings: Sequence[Grouping], stratum: Grouping | None
) -> dict[str, list[Grouping]]:
    """The groupings of each report, those of all labels together under no name."""
    settings = Settings()
    measured = task.measured(answered, Names("m", "d", "s"), settings)
    found = divided(task, answered, measured, groupings, stratum, settings)
    names = [one.names.label for one in measured]
    return dict(zip(reversed(names), reversed(found), strict=True))


def told(grouping: Grouping, name: str) -> bool:
    """Whether a report shows the counts of a group."""
    why = grouping.reasons.get(name)
    return why is None or (name == "unknown" and why in (FEW, FEW_OF_A_CLASS))


def rooms(
    own: Sequence[Grouping], others: Sequence[Sequence[Grouping]], attacker: Attacker
) -> Mapping[tuple[str, str], list[int]]:
    """Whole numbers left of what one report hides to who adds the others' numbers of samples."""
    elsewhere = {(g.attribute.name, name) for of_one in others for g in of_one
                 for name in (*g.attribute.groups, "unknown", "all") if told(g, name)}  # fmt: skip
    printed = []
    for g in own:
        inside = " | " in g.attribute.name
        for name in (*g.attribute.groups, "all", *(() if inside else ("unknown",))):
            n, positive = attacker.count(g.attribute.name, name)
            if not n:
                printed.append(Printed(g.attribute.name, name, 0, 0, None))
                continue
            shown, known = told(g, name), (g.attribute.name, name) in elsewhere
            row = Printed(g.attribute.name, name, n if shown else None,
                          positive if shown else None, g.reasons.get(name))  # fmt: skip
            printed.append(row)
            if known and not shown:
                printed.append(Printed(g.attribute.name, name, n, None, None))
    return attacker.ranges(printed)


@pytest.mark.parametrize(
    ("n", "inside_strata"), [(600, False), pytest.param(1500, True, marks=pytest.mark.soak)]
)
def test_no_small_count_of_a_label_follows_with_the_sizes_that_other_labels_show(
    n: int, inside_strata: bool
) -> None:
    plain_ones, stratum, _ = random_people(n, 4, 0.3, 0.02)
    crossed = intersection(plain_ones[:2])
    rng = np.random.default_rng(n)
    labels = (rng.random((n, 3)) < RARE).astype(np.int64)
    task = MultilabelTask(LABELS, (0.5, 0.5, 0.5))
    answered = samples(plain_ones, labels, task.value_names)
    judged = judged_by_label(
        task, answered, [*plain_ones, crossed], stratum if inside_strata else None
    )
    found = []
    for k, label in enumerate(LABELS):
        attacker = Attacker([*plain_ones, stratum], labels[:, k], LEAST)
        others = [of_one for name, of_one in judged.items() if name != label]
        for place, (people, *of_class) in rooms(judged[label], others, attacker).items():
            size = attacker.count(*place)[0]
            found.append(min([*of_class, people] if size < LEAST else of_class))
    assert len(found) > 5
    assert min(found) >= ROOM


def test_what_one_label_hides_is_in_no_average_and_few_people_are_in_no_label() -> None:
    plain_ones, _, _ = random_people(600, 4, 0.3, 0.0)
    rng = np.random.default_rng(3)
    labels = (rng.random((600, 3)) < RARE).astype(np.int64)
    few = np.flatnonzero(plain_ones[0].codes == 0)
    assert few.size >= LEAST
    plain_ones[0].codes[few[LEAST - 1 :]] = 4
    task = MultilabelTask(LABELS, (0.5, 0.5, 0.5))
    judged = judged_by_label(task, samples(plain_ones, labels, task.value_names), plain_ones, None)
    hidden = {label: {(g.attribute.name, name) for g in of_one for name in g.hidden or ()}
              for label, of_one in judged.items()}  # fmt: skip
    assert hidden["a"] - hidden["b"], "each label has its own"
    for label in LABELS:
        assert hidden[label] <= hidden[""]
        assert ("race", "r0") in hidden[label]


def test_classes_share_out_the_people_so_all_hide_what_one_hides() -> None:
    plain_ones, _, _ = random_people(400, 4, 0.3, 0.0)
    grade = np.random.default_rng(5).choice(3, 400, p=[0.7, 0.25, 0.05])
    task = MulticlassTask(("x", "y", "z"), ordered=True)
    judged = judged_by_label(task, samples(plain_ones, grade, task.value_names), plain_ones, None)
    shown = 0
    for of_one in judged.values():
        for g in of_one:
            for code, name in enumerate(g.attribute.groups):
                counts = [int((grade[g.codes == code] == k).sum()) for k in range(3)]
                small = any(0 < count < LEAST for count in counts)
                assert not (small and told(g, name)), (g.attribute.name, name, counts)
                shown += told(g, name)
    assert shown
    assert len({tuple(tuple(sorted(g.hidden or ())) for g in of_one)
                for of_one in judged.values()}) == 1  # fmt: skip
