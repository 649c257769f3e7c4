"""Small federated data in the layouts of FairFedMed, for the tests of its readers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fairvlmed_files import small_image, write_npz
from PIL import Image as Pillow

from fairness.arrays import Array

CHEST_HEADER = "filename,disease_label,race_label,gender_label,age_label"


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def small_volume(seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (4, 6, 5), dtype=np.uint8)


def write_oph(root: Path, stem: str, numbers: Sequence[int], **changes: object) -> None:
    """A csv, with npz files below `all`; every file has both images and its number as the age."""
    for number in numbers:
        values = {"slo_fundus": small_image(number), "oct_bscans": small_volume(number)}
        name = f"data_{number:05d}.npz"
        write_npz(root / "all" / name, **{**values, "age": number, **changes})
    rows = [f"{i},data_{n:05d}.npz,{n},yes" for i, n in enumerate(numbers)]
    write_lines(root / f"{stem}.csv", [",filename,age,glaucoma", *rows])


def write_picture(path: Path, shape: tuple[int, int] = (9, 7), seed: int = 0) -> Array:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)
    return pixels


def write_chest(root: Path, stem: str, rows: Sequence[str], folder: str = "") -> None:
    """A csv of the given rows, with a picture for each."""
    for seed, row in enumerate(rows):
        write_picture(root / folder / row.split(",")[0], (9 + seed, 7), seed)
    write_lines(root / f"{stem}.csv", [CHEST_HEADER, *rows])
