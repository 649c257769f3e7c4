"""What stays with the data's owner: one row a sample, in a folder that only the user can open."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audit.predictions import SPLIT_KEY
from fairness.outcomes import Outcomes


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700; the folder of rows, ids and pictures of patients."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_outcomes(path: Path, outcomes: Outcomes, split_sha256: str) -> None:
    """One row a sample: id, patient, target, score, group names (null: unknown), covariates.

    The schema's metadata carry the fingerprint of the split.
    """
    columns: dict[str, object] = {
        "id": list(outcomes.ids),
        "patient": list(outcomes.patients),
        "target": outcomes.target,
        "score": outcomes.score,
    }
    for attribute in outcomes.attributes:
        names = (*attribute.groups, None)  # code -1 picks the null at the end
        columns[attribute.name] = [names[code] for code in outcomes.codes[attribute.name]]
    columns.update(outcomes.covariates)
    table = pa.table(columns).replace_schema_metadata({SPLIT_KEY: split_sha256.encode()})
    pq.write_table(table, path)


def write_skipped(path: Path, skipped: Sequence[tuple[str, str]]) -> None:
    """Id of and reason for every sample that was left out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "reason"))
        writer.writerows(skipped)
