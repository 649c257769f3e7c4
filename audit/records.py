"""What stays with the data's owner: one row a sample, in a folder that only the user can open."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fairness.outcomes import Outcomes


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700; the folder of rows, ids and pictures of patients."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_outcomes(path: Path, outcomes: Outcomes) -> None:
    """One row a sample: id, patient, target, score, group names (null: unknown), covariates."""
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
    pq.write_table(pa.table(columns), path)
