"""The two sides of `fair-audit parity`: answers of a served model, and answers that are stored."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console

from audit.compare.runs import Run, paired
from audit.in_memory import answers_of
from audit.plan import Plan
from audit.reached import reached
from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from audit.sizes import most_answer_bytes
from fairness.arrays import FloatArray
from fairness.decided import decided
from fairness.errors import UsageError
from fairness.evaluate import Answers, Read, joined, unanswered
from fairness.group_input import RECORDED
from fairness.outcomes import Answered
from fairness.samples import Batch
from fairness.tasks.binary import BinaryTask, checked, value_name
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.one_label import checked_columns, is_probability
from fairness.tasks.task import Task


def expected_run(plan: Plan) -> Run:
    """What a served model will be asked, with 0 for every answer: to check a pair before asking."""
    return run_of(plan, unanswered(plan.split, plan.attributes, plan.task.value_names))


def run_of(plan: Plan, answered: Answered) -> Run:
    """Answers about the split of a plan; of several readers about cases with a majority."""
    threshold = None if plan.threshold is None else plan.threshold.value
    return Run(plan.split.root, plan.model.name, plan.task, threshold, decided(answered))


def served_run(plan: Plan, console: Console, read: Read, onnx: Path | None = None) -> Run:
    """Ask a served model about its whole split.

    Args:
        plan: of one model.
        console: for progress and notes.
        read: `plan.task.read`, or `any_answer` to let those pass that are no probability.
        onnx: the file that answers in place of a server, if one does.

    Raises:
        ServerError, DataError: as an audit.
    """
    most = most_answer_bytes(plan.model, plan.split.shapes)
    with reached(plan.options, onnx, most) as server:
        found = answers_of(plan, server, console, read)
    return run_of(plan, joined([found], plan.split, plan.attributes))


def any_answer(task: Task) -> Read:
    """How answers are read that may be no probabilities; masks are read as they are audited."""
    if isinstance(task, BinaryTask):
        return any_score
    if isinstance(task, MultilabelTask | MulticlassTask):
        return partial(any_column, task)
    return task.read


def any_column(
    task: MultilabelTask | MulticlassTask, batch: Batch, answers: Answers
) -> Mapping[str, FloatArray]:
    """The number (B,) of every label or class, NaN where it is no probability.

    Raises:
        DataError: the answer has another shape, or probabilities of classes do not sum to 1.
    """
    answer, names = answers[RECORDED], task.names
    good = is_probability(np.asarray(answer, dtype=np.float64))
    if isinstance(task, MulticlassTask) and answer.ndim == 2:
        good = good.all(axis=1, keepdims=True) & np.ones_like(good)
    kept = np.where(good, answer, 1 / len(names))
    sums: Literal["to one", "freely"] = "freely" if task.of_labels else "to one"
    found = checked_columns(batch, kept, names, sums)
    return {
        name: np.where(good[:, k], values, np.nan) for k, (name, values) in enumerate(found.items())
    }


def any_score(batch: Batch, answers: Answers) -> Mapping[str, FloatArray]:
    """The number (B,) of every way of asking, probability or not.

    Raises:
        DataError: it has another shape.
    """
    found = {}
    for way, answer in answers.items():
        good = (answer >= 0) & (answer <= 1)
        shaped = checked(batch, np.where(good, answer, 0))
        found[value_name(way)] = np.where(good[:, 0], shaped, np.nan)
    return found


def stored_run(folder: Path, plan: Plan, served: Run, whose: str) -> Run:
    """Answers in `records/outcomes.parquet` about the very samples that were served.

    Groups, patients and threshold are those of the served side, so that only answers differ.

    Args:
        folder: that holds `records/`.
        plan: of the judged model.
        served: what it will be asked.
        whose: the flag that named them, for errors.

    Raises:
        DataError: the file is absent or unusable.
        UsageError: it is of another kind of model, or of other samples or labels.
    """
    path = folder / "records" / "outcomes.parquet"
    names = tuple(attribute.name for attribute in plan.attributes)
    found = read_predictions(path, Columns(attributes=names))
    choices = replace(found.choices, threshold=plan.threshold)
    if found.task.kind != served.task.kind:
        raise UsageError(
            f"{whose}: it holds a {found.task.kind}, the served model is a {served.task.kind}"
        )
    if found.choices.names != served.task.names:
        raise UsageError(
            f"{whose}: it is of {', '.join(found.choices.names)}, the served model of "
            f"{', '.join(served.task.names)}; parity needs the same ones in the same order"
        )
    bare = replace(found.answered.cases, attributes=(), codes={})
    answered = replace(found.answered, cases=bare)
    if lacking := [name for name in stored_names(served) if name not in answered.values]:
        raise UsageError(f"{whose}: its records lack '{lacking[0]}'; audit it anew")
    values = {name: answered.values[name] for name in stored_names(served)}
    answered = replace(answered, values=values)
    name = found.names.model if found.names else folder.name
    task = found.task.make(choices).holding(answered)
    return matched(Run(folder, name, task, served.threshold, answered), served)


def stored_names(served: Run) -> tuple[str, ...]:
    """Names of the values that both sides must have."""
    return tuple(name for name in served.task.stored if name in served.answered.values)


def matched(reference: Run, served: Run) -> Run:
    """The reference in the order of the served samples, with their groups and threshold.

    Raises:
        UsageError: samples, labels or patients differ.
    """
    # A patient is what the data at hand say; a stored file may know them by another name.
    bare = replace(
        reference.answered.cases,
        patients=patients_by_id(reference, served),
        attributes=(),
        codes={},
    )
    stripped = replace(reference, answered=replace(reference.answered, cases=bare))
    (_, found), _ = paired([served, stripped], common=False)
    answered = Answered(
        cases=served.answered.cases, labels=served.answered.labels, values=found.answered.values
    )
    task = at_thresholds_of(reference.task, served.task)
    return replace(reference, task=task, threshold=served.threshold, answered=answered)


def at_thresholds_of(task: Task, judged: Task) -> Task:
    """The reference's task at the thresholds of the judged model, whatever its own are."""
    if isinstance(task, BinaryTask) and isinstance(judged, BinaryTask):
        return replace(task, threshold=judged.threshold)
    if isinstance(task, MultilabelTask) and isinstance(judged, MultilabelTask):
        return replace(task, thresholds=judged.thresholds)
    return task


def patients_by_id(reference: Run, served: Run) -> tuple[str, ...]:
    """The patient of each sample of the reference, as the served side says."""
    known = dict(zip(served.answered.cases.ids, served.answered.cases.patients, strict=True))
    return tuple(known.get(id_, "") for id_ in reference.answered.cases.ids)
