"""Folders of runs as a nightly job leaves them: one real report, then moved in time and number."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scored_files import cohort, report, write_csv

from fairness.statistics.intervals import wilson

Change: TypeAlias = Callable[[dict[str, Any]], None]


def first_run(folder: Path, **columns: list[object]) -> Path:
    """A run of `fair-audit report` on 300 patients, in which one race has nine people."""
    people = cohort(300) | columns
    race = people["race"]
    for i in range(300):
        race[i] = "White" if race[i] == "Asian" else race[i]
    for i in range(9):
        race[i] = "Asian"
    source = write_csv(folder / "scores.csv", people)
    flags = ("--attributes", "race,gender", "--patient", "patient", "--name", "m")
    assert report(source, folder / "first", *flags) == 0
    return folder / "first"


def made_run(
    first: Path, out: Path, day: int, change: Change | None = None, new: int = 300
) -> Path:
    """The same run on another day, of which `new` people were not in the first."""
    shutil.copytree(first, out)
    document = json.loads((first / "report" / "report.json").read_text())
    about = document["provenance"]
    about["finished"] = f"2026-11-{day:02}T02:00:00+0000"
    about["model"] |= {"version": "1", "model_sha256": "a" * 64}
    about["data"]["split_sha256"] = hashlib.sha256(f"{day} {new}".encode()).hexdigest()
    if change is not None:
        change(document)
    (out / "report" / "report.json").write_text(json.dumps(document))
    path = out / "records" / "outcomes.parquet"
    table = pq.read_table(path)
    names = table["patient"].to_pylist()
    names = [f"{day} {name}" if i < new else name for i, name in enumerate(names)]
    place = table.column_names.index("patient")
    pq.write_table(table.set_column(place, "patient", pa.array(names)), path)
    return out


def noisy(day: int, drop: float = 0.0) -> Change:
    """Every AUC drawn anew around 0.85, as 150 trials say it; that of Black people lower."""

    def change(document: dict[str, Any]) -> None:
        rng = np.random.default_rng(day)
        for row in document["rows"]:
            if row["metric"] == "auc" and row["value"] is not None:
                level = 0.85 - drop * (row["group"] == "Black")
                row["value"] = float(rng.binomial(150, level) / 150)
                low, high = wilson(np.array(row["value"]), np.array(150.0), 1.959964)
                row["low"], row["high"] = float(low), float(high)

    return change
