"""Csv files of predictions of several labels, and of grades, with groups of known sizes."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairness.arrays import FloatArray, IntArray

LABELS = ("Effusion", "Mass", "Nodule")
GRADES = ("none", "mild", "severe")


@dataclass(frozen=True)
class Written:
    """A file and what it holds."""

    path: Path
    target: IntArray
    """(n, L), -1 where blank; or (n,) of grades."""
    score: FloatArray
    sex: list[str]


def write_labels(folder: Path, n: int = 300, blank: float = 0.05, seed: int = 1) -> Written:
    """n images of three labels; women are scored worse for Mass."""
    rng = np.random.default_rng(seed)
    sex = [("Female", "Male")[i % 2] for i in range(n)]
    target = (rng.random((n, 3)) < (0.4, 0.3, 0.5)).astype(np.int64)
    noise = np.where(np.array(sex) == "Female", 0.5, 0.15)[:, None] * (0, 1, 0) + 0.2
    drawn = np.clip(0.4 + 0.2 * target + rng.normal(0, 1, (n, 3)) * noise, 0, 1)
    score = np.asarray(drawn.round(6), dtype=np.float64)
    target[rng.random((n, 3)) < blank] = -1
    words = [["" if k < 0 else str(k) for k in row] for row in target.tolist()]
    rows = [[f"i{i:04}", *words[i], *score[i].tolist(), sex[i]] for i in range(n)]
    heads = ["id", *LABELS, *(f"p_{label}" for label in LABELS), "sex"]
    return Written(write(folder / "labels.csv", heads, rows), target, score, sex)


def write_grades(folder: Path, n: int = 300, seed: int = 2) -> Written:
    """n images of three grades, with probabilities that sum to 1."""
    rng = np.random.default_rng(seed)
    sex = [("Female", "Male")[i % 2] for i in range(n)]
    target = rng.integers(0, 3, n)
    logits = rng.normal(0, 1, (n, 3)) + 1.2 * np.eye(3)[target]
    score = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    score = np.asarray(score.round(8), dtype=np.float64)
    rows = [[f"i{i:04}", GRADES[target[i]], *score[i].tolist(), sex[i]] for i in range(n)]
    heads = ["id", "grade", *(f"p_{grade}" for grade in GRADES), "sex"]
    return Written(write(folder / "grades.csv", heads, rows), target, score, sex)


def write(path: Path, heads: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path
