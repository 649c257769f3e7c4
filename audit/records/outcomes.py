"""Rows of patients for the data's owner: one row a sample, in files that only the user opens."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audit.records.predictions import NAMES_KEY, SPLIT_KEY
from audit.records.several import ORDERED_KEY, READERS_KEY
from fairness.atomic import write_atomically
from fairness.outcomes import Answered, Names
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.task import Task
from fairness.text import csv_cell


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700; the folder of rows, ids and pictures of patients."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)  # one that was there, or that a strange umask closed
    return path


def write_outcomes(
    path: Path,
    answered: Answered,
    stored: Sequence[str],
    split_sha256: str,
    names: Names | None = None,
    task: Task | None = None,
) -> None:
    """One row a sample: id, patient, label, values, group names (null: unknown), covariates.

    Args:
        path: of the parquet file, whose metadata hold the fingerprint and the names.
        answered: the samples.
        stored: names of the values to write.
        split_sha256: fingerprint of the split.
        names: what a report calls it all.
        task: what the labels are of; None: there is one, or a mask.
    """
    cases = answered.cases
    columns: dict[str, object] = {"id": list(cases.ids), "patient": list(cases.patients)}
    if answered.labels is not None:
        columns |= task.targets(answered.labels) if task else {"target": answered.labels}
    if answered.reader_labels and answered.labels is not None:  # a tie is nobody's label
        columns["target"] = [None if code < 0 else code for code in answered.labels.tolist()]
    columns |= {name: answered.values[name] for name in stored if name in answered.values}
    for attribute in cases.attributes:
        groups = (*attribute.groups, None)  # code -1 picks the null at the end
        columns[attribute.name] = [groups[code] for code in cases.codes[attribute.name]]
    columns.update(cases.covariates)
    for name, codes in answered.reader_labels.items():
        columns[name] = [None if code < 0 else code for code in codes.tolist()]
    metadata = {SPLIT_KEY: split_sha256.encode()}
    if names is not None:
        metadata[NAMES_KEY] = json.dumps(asdict(names)).encode()
    if isinstance(task, MulticlassTask) and task.ordered:
        metadata[ORDERED_KEY] = b"yes"
    if answered.reader_labels:
        metadata[READERS_KEY] = json.dumps(list(answered.reader_labels)).encode()
    content = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), content)
    write_atomically(path, content.getvalue(), private=True)


def write_skipped(path: Path, skipped: Sequence[tuple[str, str]]) -> None:
    """Id of and reason for every sample that was left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "reason"))
    writer.writerows(map(csv_cell, row) for row in skipped)
    write_atomically(path, text.getvalue(), private=True)
