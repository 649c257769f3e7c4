"""A table of images in a folder: small noise images as PNG files, and a csv beside them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fairness.arrays import Image

SHAPE = (10, 8)


def noise(number: int, shape: tuple[int, ...] = SHAPE) -> Image:
    return np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)


def write_images(folder: Path, n: int) -> list[str]:
    """`n` pictures below `folder`; their names relative to it."""
    names = [f"images/{number:03}.png" for number in range(n)]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Pillow.fromarray(noise(number)).save(folder / name)
    return names


def write_rows(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def cohort_columns(folder: Path, n: int = 6) -> dict[str, list[Any]]:
    """Columns of a cohort with pictures; the last row's sex is not recorded."""
    return {
        "id": [f"s{n - i}" for i in range(n)],
        "file": write_images(folder, n),
        "target": [i % 2 for i in range(n)],
        "sex": [*(("Female", "Male")[i % 2] for i in range(n - 1)), "n/a"],
        "scanner": ["Siemens", "GE", "Siemens"] * (n // 3),
        "patient": [f"p{i // 2}" for i in range(n)],
        "age": [40 + i for i in range(n)],
        "split": ["train", *["test"] * (n - 1)],
    }
