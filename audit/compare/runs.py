"""Two stored runs on the same samples: read, and paired by id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audit.policy.baseline import threshold_of
from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from audit.report.document import read_document
from audit.report.recorded import plain_attributes
from fairness.arrays import Array, IntArray
from fairness.errors import DataError, UsageError
from fairness.outcomes import Answered, Cases
from fairness.tables.columns import is_text
from fairness.tables.table import read_table
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


def read_run(folder: Path) -> Run:
    """Read `records/outcomes.parquet` and `report/report.json` of a run.

    Raises:
        DataError: one of them is absent or unusable, or no attribute is stored.
        UsageError: it is of several labels or classes.
    """
    report = read_document(folder / "report" / "report.json").report()
    path = folder / "records" / "outcomes.parquet"
    stored = read_table(path, ()).columns
    texts = {name for name in stored.column_names if is_text(stored[name])}  # ages are numbers
    attributes = tuple(name for name in plain_attributes(report) if name in texts)
    if not attributes:
        raise DataError(f"{path}: it holds none of the attributes of its report; audit it anew")
    found = read_predictions(path, Columns(attributes=attributes))
    if found.choices.names:
        raise UsageError(
            f"{folder}: it holds several labels or classes, and runs of one score or of masks are "
            "compared; hold labels to an earlier run with --baseline and a policy"
        )
    needs_none = found.task.answers_masks
    threshold = None if needs_none else threshold_of(folder)
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
    first = runs[0]
    for run in runs[1:]:
        if type(run.task) is not type(first.task):
            raise UsageError(
                f"{run.folder}: it holds a {run.task.kind}, {first.folder} a {first.task.kind}"
            )
    ids = [id_ for id_ in first.answered.cases.ids if all(id_ in known(run) for run in runs)]
    most = max(len(run.answered.cases) for run in runs)
    if not ids or (len(ids) < most and not common):
        raise UsageError(
            f"{len(ids)} of up to {most} samples are in every run; compare runs of one split"
            + ("" if not ids else ", or those that all have, with --common")
        )
    found = []
    for run in runs:
        place = known(run)
        rows = np.array([place[id_] for id_ in ids], dtype=np.int64)
        found.append(replace(run, answered=taken(run.answered, rows)))
    check_same(found)
    left = sorted({len(run.answered.cases) - len(ids) for run in runs})
    note = f"{left[-1]} samples that not all runs have are left out" if left[-1] else ""
    return found, note


def known(run: Run) -> dict[str, int]:
    """Id to row."""
    return {id_: i for i, id_ in enumerate(run.answered.cases.ids)}


def taken(answered: Answered, rows: IntArray) -> Answered:
    """The samples at these rows (n,), in their order."""
    cases = answered.cases
    return Answered(
        cases=Cases(
            ids=tuple(cases.ids[i] for i in rows),
            patients=tuple(cases.patients[i] for i in rows),
            attributes=cases.attributes,
            codes={name: codes[rows] for name, codes in cases.codes.items()},
            covariates={name: values[rows] for name, values in cases.covariates.items()},
        ),
        labels=None if answered.labels is None else answered.labels[rows],
        values={name: values[rows] for name, values in answered.values.items()},
    )


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
            differs = np.flatnonzero(ours != theirs)
            if len(differs):
                sample = first.cases.ids[differs[0]]
                raise UsageError(
                    f"{run.folder}: the {what} of sample '{sample}' is another than in "
                    f"{runs[0].folder}; compare runs on the same data"
                )
