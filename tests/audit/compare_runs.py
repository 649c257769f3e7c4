"""Runs for the tests of `fair-audit compare`: stored, held against one another, read back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from scored_files import report, write_csv

from audit.cli import run
from fairness.arrays import FloatArray, IntArray

Columns = dict[str, list[object]]


def stored(folder: Path, columns: Columns, name: str) -> Path:
    """A run of `fair-audit report`."""
    source = write_csv(folder / f"{name}.csv", columns)
    flags = ("--attributes", "race,gender", "--patient", "patient", "--name", name)
    assert report(source, folder / name, *flags) == 0
    return folder / name


def changed(columns: Columns, group: str, by: float) -> Columns:
    """Scores of one race moved towards the truth (or away from it), with a little noise."""
    rng = np.random.default_rng(1)
    y, race = np.array(columns["target"]), np.array(columns["race"])
    p = np.clip(np.array(columns["score"], dtype=float), 1e-6, 1 - 1e-6)
    logit = np.log(p / (1 - p)) + 0.2 * rng.normal(size=len(p))
    logit += np.where(race == group, by * (2 * y - 1), 0)
    return {**columns, "score": (1 / (1 + np.exp(-logit))).tolist()}


def compare(out: Path, *arguments: object) -> int:
    """The exit code."""
    quick = ["--replicates", "100"]
    return run(["compare", *map(str, arguments), "--out", str(out), *quick])


def found(out: Path) -> dict[str, Any]:
    """compare.json."""
    document: dict[str, Any] = json.loads((out / "compare.json").read_text())
    return document


def placements(y: IntArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each positive the share of negatives below it, of each negative that of positives above.

    The structural components of DeLong, DeLong and Clarke-Pearson (Biometrics 1988).
    """
    above = np.sign(score[y == 1][:, None] - score[y == 0][None]) / 2 + 0.5
    return above.mean(1), above.mean(0)


def independent_delong(y: IntArray, new: FloatArray, old: FloatArray) -> float:
    """z of the paired test, as the paper writes it: covariances of the components."""
    of_new, of_old = placements(y, new), placements(y, old)
    variance = 0.0
    for one, other in zip(of_new, of_old, strict=True):
        s = np.cov(one, other)
        variance += (s[0, 0] + s[1, 1] - 2 * s[0, 1]) / len(one)
    return float((of_new[0].mean() - of_old[0].mean()) / np.sqrt(variance))
