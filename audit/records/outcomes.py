"""What stays with the data's owner: one row a sample, in a folder that only the user can open."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audit.records.predictions import NAMES_KEY, SPLIT_KEY
from fairness.outcomes import CaseOutcomes, Outcomes
from fairness.summary import Names


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700; the folder of rows, ids and pictures of patients."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_outcomes(
    path: Path, outcomes: Outcomes | CaseOutcomes, split_sha256: str, names: Names | None = None
) -> None:
    """One row a sample: id, patient, target and score, group names (null: unknown), covariates.

    Of masks, all scores of a case stand in place of target and score. The schema's metadata carry
    the fingerprint of the split, and what a report calls it all.
    """
    columns: dict[str, object] = {"id": list(outcomes.ids), "patient": list(outcomes.patients)}
    if isinstance(outcomes, Outcomes):
        columns |= {"target": outcomes.target, "score": outcomes.score}
    else:
        columns |= outcomes.scores
    for attribute in outcomes.attributes:
        groups = (*attribute.groups, None)  # code -1 picks the null at the end
        columns[attribute.name] = [groups[code] for code in outcomes.codes[attribute.name]]
    columns.update(outcomes.covariates)
    metadata = {SPLIT_KEY: split_sha256.encode()}
    if names is not None:
        metadata[NAMES_KEY] = json.dumps(asdict(names)).encode()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)


def write_skipped(path: Path, skipped: Sequence[tuple[str, str]]) -> None:
    """Id of and reason for every sample that was left out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "reason"))
        writer.writerows(skipped)
