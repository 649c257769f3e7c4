"""Splits of many small files, for what is measured per file; many names, few different contents."""

import csv
import io
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from fairness.arrays import Image

CONTENTS = 400
"""Different files; all others are further names of these."""


def write_many(folder: Path, count: int, shape: tuple[int, int], *, compressed: bool) -> Path:
    """A test split of `count` images (H, W) in the layout of FairVLMed, below `folder`.

    Every group and both labels occur. The files are older than an index wants them.
    """
    rng = np.random.default_rng(0)
    split = folder / "Test"
    split.mkdir(parents=True)
    save = np.savez_compressed if compressed else np.savez
    for i in range(count):
        path = split / f"data_{i:06d}.npz"
        if i >= CONTENTS:
            os.link(split / f"data_{i % CONTENTS:06d}.npz", path)
            continue
        content = io.BytesIO()
        values = {
            "slo_fundus": _smooth(rng, shape),
            "glaucoma": i % 2,
            "race": i % 3,
            "gender": i // 2 % 2,
            "ethnicity": i % 5 == 0,
            "language": i % 3,
            "maritalstatus": i % 5,
            "age": 40 + i / 10,
            "md": -i / 50,
            "pid": f"patient {i}",
        }
        save(content, **{name: np.asarray(value) for name, value in values.items()})
        path.write_bytes(content.getvalue())
    time.sleep(2.5)
    return folder


def write_table(folder: Path, count: int, shape: tuple[int, int]) -> Path:
    """A table of `count` PNG files (H, W) below `folder`, and the same as a site of chest data.

    Gives the path of the table. The files are as old as those of `write_many`.
    """
    rng = np.random.default_rng(0)
    pictures = folder / "images"
    pictures.mkdir(parents=True)
    names = [f"{i:06d}.png" for i in range(count)]
    for i, name in enumerate(names):
        if i >= CONTENTS:
            os.link(pictures / names[i % CONTENTS], pictures / name)
        else:
            Pillow.fromarray(_smooth(rng, shape)).save(pictures / name)
    rows = [(f"images/{name}", i % 2, i % 3, i // 2 % 2, i % 2) for i, name in enumerate(names)]
    columns = ("disease_label", "race_label", "gender_label", "age_label")
    for name, first in (("table.csv", "file"), ("meta_one_race_test.csv", "filename")):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([(first, *columns), *rows])
    time.sleep(2.5)
    return folder / "table.csv"


def _smooth(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """An image (H, W) of patches and noise."""
    coarse = rng.normal(size=(shape[0] // 8 + 1, shape[1] // 8 + 1))
    smooth = np.kron(coarse, np.ones((8, 8)))[: shape[0], : shape[1]]
    image = 128 + 20 * smooth + 4 * rng.normal(size=shape)
    return np.asarray(image.clip(0, 255), dtype=np.uint8)
