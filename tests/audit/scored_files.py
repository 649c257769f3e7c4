"""Files of predictions, and what `fair-audit report` makes of them."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audit.cli import run

Columns = Mapping[str, Sequence[object]]


def cohort(n: int = 600, seed: int = 0) -> dict[str, list[object]]:
    """n patients: two attributes with unknown values, age, site, md, and an informative score."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    score = 1 / (1 + np.exp(-(1.5 * (y - 0.5) + rng.normal(size=n))))
    return {
        "id": [f"s{i:04}" for i in range(n)],
        "patient": [f"p{i:04}" for i in range(n)],
        "target": y.tolist(),
        "score": score.tolist(),
        "race": rng.choice(["Asian", "Black", "White", ""], n, p=[0.2, 0.3, 0.45, 0.05]).tolist(),
        "gender": rng.choice(["Female", "Male"], n).tolist(),
        "age": rng.integers(20, 90, n).tolist(),
        "site": rng.integers(1, 4, n).tolist(),
        "md": np.round(rng.normal(-6, 4, n), 2).tolist(),
    }


def write_csv(path: Path, columns: Columns) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def report(source: Path, out: Path, *flags: object) -> int:
    quick = ["--replicates", "100"]
    return run(["report", "--from", str(source), "--out", str(out), *quick, *map(str, flags)])


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report" / "report.json").read_text())
    return found


def rows(out: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """(attribute, group, metric) to row."""
    return {(r["attribute"], r["group"], r["metric"]): r for r in document(out)["rows"]}


def golden(name: str) -> dict[str, Any]:
    """A file of `tests/golden`."""
    path = Path(__file__).parents[1] / "golden" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
