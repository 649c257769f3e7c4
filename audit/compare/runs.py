"""Stored runs on the same samples: read, and paired by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audit.policy.baseline import threshold_of
from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from audit.report.document import read_document
from audit.report.recorded import plain_attributes
from fairness.arrays import Array
from fairness.decided import taken
from fairness.errors import DataError, UsageError
from fairness.outcomes import Answered
from fairness.tables.columns import is_text
from fairness.tables.table import read_table
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.task import Task


@dataclass(frozen=True)
class Run:
    """What a stored run answered, and how it was judged."""

    folder: Path
    name: str
    """Of the model, as its report says."""
    task: Task
    threshold: float | None
    answered: Answered

    @property
    def by_label(self) -> Mapping[str, float]:
        """The threshold of each of several labels; none elsewhere."""
        if not isinstance(self.task, MultilabelTask):
            return {}
        return dict(zip(self.task.labels, self.task.thresholds, strict=True))


def read_run(folder: Path) -> Run:
    """Read `records/outcomes.parquet` and `report/report.json` of a run.

    Raises:
        DataError: one of them is absent or unusable, or no attribute is stored.
    """
    report = read_document(folder / "report" / "report.json").report()
    path = folder / "records" / "outcomes.parquet"
    stored = read_table(path, ()).columns
    texts = {name for name in stored.column_names if is_text(stored[name])}  # ages are numbers
    attributes = tuple(name for name in plain_attributes(report) if name in texts)
    if not attributes:
        raise DataError(f"{path}: it holds none of the attributes of its report; audit it anew")
    found = read_predictions(path, Columns(attributes=attributes))
    threshold = threshold_of(folder) if found.task.has_threshold else None
    task = found.task.make(replace(found.choices, threshold=threshold)).holding(found.answered)
    value = None if threshold is None else threshold.value
    return Run(folder, report.rows[0].model, task, value, found.answered)


def paired(runs: Sequence[Run], *, common: bool) -> tuple[list[Run], str]:
    """The runs on the samples of all of them, in one order, and how many were left out.

    Args:
        runs: two or more; the first gives groups, patients and covariates.
        common: whether samples that not all have are left out; otherwise they are refused.

    Raises:
        UsageError: kinds, samples, labels or groups differ.
    """
    for run in runs[1:]:
        check_kind(runs[0], run)
    places = [known(run) for run in runs]
    ids = [id_ for id_ in places[0] if all(id_ in place for place in places)]
    most = max(len(run.answered.cases) for run in runs)
    if not ids or (len(ids) < most and not common):
        raise UsageError(
            f"{len(ids)} of up to {most} samples are in every run; compare runs of one split"
            + ("" if not ids else ", or those that all have, with --common")
        )
    found = []
    for run, place in zip(runs, places, strict=True):
        rows = np.array([place[id_] for id_ in ids], dtype=np.int64)
        found.append(replace(run, answered=taken(run.answered, rows)))
    check_same(found)
    left = sorted({len(run.answered.cases) - len(ids) for run in runs})
    note = f"{left[-1]} samples that not all runs have are left out" if left[-1] else ""
    return found, note


def check_kind(first: Run, run: Run) -> None:
    """Refuse a run of another kind of model, of other labels or classes, or with other scores.

    Raises:
        UsageError: it is one.
    """
    if type(run.task) is not type(first.task):
        raise UsageError(
            f"{run.folder}: it holds a {run.task.kind}, {first.folder} a {first.task.kind}"
        )
    if (run.task.names, is_ordered(run)) != (first.task.names, is_ordered(first)):
        ours, theirs = (
            f"{', '.join(one.task.names)}{' in order' if is_ordered(one) else ''}"
            for one in (run, first)
        )
        raise UsageError(
            f"{run.folder}: it is of {ours}, {first.folder} of {theirs}; compare runs of the same "
            "labels or classes, written in the same order"
        )
    stored = [
        {name for name in one.answered.values if name in one.task.stored} for one in (first, run)
    ]
    if only := sorted(stored[0] ^ stored[1]):
        raise UsageError(
            f"{run.folder}: only one of it and {first.folder} has {', '.join(only[:5])}; compare "
            "runs with the same scores, and distances of masks in the same unit"
        )


def is_ordered(run: Run) -> bool:
    """Whether a run is of classes that are steps."""
    return isinstance(run.task, MulticlassTask) and run.task.ordered


def known(run: Run) -> dict[str, int]:
    """Id to row."""
    return {id_: i for i, id_ in enumerate(run.answered.cases.ids)}


def check_same(runs: Sequence[Run]) -> None:
    """Refuse runs that disagree about a label, a patient or a group of a sample.

    Raises:
        UsageError: they do; names the first sample.
    """
    first = runs[0].answered
    for run in runs[1:]:
        other = run.answered
        pairs: list[tuple[str, Array, Array]] = []
        if first.labels is not None and other.labels is not None:
            pairs.append(("label", first.labels, other.labels))
        pairs.append(("patient", np.array(first.cases.patients), np.array(other.cases.patients)))
        for attribute in first.cases.attributes:
            if attribute in other.cases.attributes:
                name = attribute.name
                pairs.append((name, first.cases.codes[name], other.cases.codes[name]))
        for what, ours, theirs in pairs:
            differs = np.flatnonzero((ours != theirs).reshape(len(ours), -1).any(axis=1))
            if len(differs):
                sample = first.cases.ids[differs[0]]
                raise UsageError(
                    f"{run.folder}: the {what} of sample '{sample}' is another than in "
                    f"{runs[0].folder}; compare runs on the same data"
                )
