"""Which cases their owner should look at, with their pictures: by label or class, and by group."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture
from rich.console import Console

from audit.plan import Plan
from audit.records.cases import Chapter, picture_of, write_cases
from audit.worst import worst_of
from fairness.arrays import FloatArray
from fairness.decided import decided
from fairness.errors import DataError
from fairness.outcomes import Answered, Cases, Outcomes
from fairness.tasks.binary import BinaryTask, outcomes_of
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask, labels_of
from fairness.tasks.task import Task

WORST, BORDERLINE = "largest errors", "nearest to the threshold"
UNDECIDED = "two likeliest classes nearest to each other"


@dataclass(frozen=True)
class Question:
    """One label or class: the n cases where its truth is known, and how each was answered."""

    title: str
    cases: Cases
    errors: FloatArray
    """(n,) in [0, 1]; the largest are the worst."""
    distances: FloatArray
    """(n,) from another decision; the smallest are borderline."""
    nearest: str
    """What is said of those with small distances."""
    facts: tuple[str, ...]
    """Score and truth of each."""


def show_cases(plan: Plan, answered: Answered, console: Console) -> None:
    """Write `records/cases.html` of a classifier; masks have theirs from `audit/worst.py`.

    The images are read again from the split.
    """
    found = chapters(plan.task, decided(answered), plan.options.worst)
    if not found:
        return
    number = {id_: i for i, id_ in enumerate(plan.split.ids)}

    def picture(id_: str) -> Picture.Image | None:
        try:
            return picture_of(plan.split.read(number[id_]).image)
        except DataError:  # it was scored, and has gone since
            return None

    path = plan.out / "records" / "cases.html"
    title = f"{plan.names.model} on {plan.names.dataset}, {plan.names.split}"
    write_cases(path, title, found, picture)
    console.print(f"cases: {path} (private)", highlight=False, markup=False)


def chapters(task: Task, answered: Answered, k: int) -> list[Chapter]:
    """The k worst and the k borderline cases of each group, one chapter a label or class."""
    found = []
    for question in questions(task, answered) if k else ():
        cases, facts = question.cases, dict(zip(question.cases.ids, question.facts, strict=True))
        worst = worst_of(cases, -question.errors, k)
        nearest = worst_of(cases, question.distances, k)
        places = {
            (*place, why): {id_: facts[id_] for id_ in ids[place]}
            for place in worst
            for why, ids in ((WORST, worst), (question.nearest, nearest))
        }
        found.append(Chapter(question.title, places))
    return found


def questions(task: Task, answered: Answered) -> Iterator[Question]:
    """What a classifier decided; nothing of masks."""
    if isinstance(task, BinaryTask):
        yield of_label("", outcomes_of(answered), task.threshold)
    if isinstance(task, MultilabelTask):
        target = labels_of(answered, len(task.labels))
        parts = zip(task.labels, task.value_names, task.thresholds, target.T, strict=True)
        for label, value, threshold, truth in parts:
            score = answered.values[value]
            whole = Outcomes(**vars(answered.cases), target=truth, score=score)
            yield of_label(f"{label}: ", whole.take(truth >= 0), threshold)
    if isinstance(task, MulticlassTask):
        yield from of_classes(task, answered)


def of_label(name: str, outcomes: Outcomes, threshold: float) -> Question:
    """Scores of one label against its threshold."""
    pairs = zip(outcomes.score, outcomes.target, strict=True)
    return Question(
        title=f"{name}positive from {threshold:.3f} on",
        cases=outcomes,
        errors=np.abs(outcomes.target - outcomes.score),
        distances=np.abs(outcomes.score - threshold),
        nearest=BORDERLINE,
        facts=tuple(f"score {s:.3f}, truth {'positive' if y else 'negative'}" for s, y in pairs),
    )


def of_classes(task: MulticlassTask, answered: Answered) -> Iterator[Question]:
    """The cases of each class: how likely the model thought it, and what else."""
    assert answered.labels is not None
    scores = np.stack([answered.values[name] for name in task.value_names], axis=1)
    for code, name in enumerate(task.classes):
        rows = np.flatnonzero(answered.labels == code)
        of_truth, everything = scores[rows, code], scores[rows]
        whole = Outcomes(**vars(answered.cases), target=answered.labels, score=scores[:, code])
        two = np.sort(everything, axis=1)[:, -2:]
        likeliest = everything.argmax(axis=1)
        yield Question(
            title=f"truth {name}",
            cases=whole.take(rows),
            errors=1 - of_truth,
            distances=two[:, 1] - two[:, 0],
            nearest=UNDECIDED,
            facts=tuple(
                f"{p:.3f} for {name}"
                + ("" if top == code else f", {row[top]:.3f} for {task.classes[top]}")
                for p, top, row in zip(of_truth, likeliest, everything, strict=True)
            ),
        )
