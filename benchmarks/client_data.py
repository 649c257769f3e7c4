"""Splits on disk for the benchmark of clients: a few painted images, linked under many names."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.clients.task import DISTINCT
from fairness.attributes import EYE_ATTRIBUTES
from fairness.datasets.squash import squash
from fairness.synthetic.fundus import paint
from fairness.synthetic.site_images import paint_oct

Image = npt.NDArray[np.uint8]

PAINTED = 32
"""Images that are painted; the others differ from them in the first pixel, and in their columns."""


@dataclass(frozen=True)
class Kind:
    """One size of images."""

    name: str
    shape: tuple[int, ...]
    batch: int
    key: str
    """Of the image in its npz file."""
    dataset: str
    """Whose reader understands the folder."""
    model: str
    """The near-free model that takes it."""


SMALL = Kind("224x224", (224, 224), 32, "slo_fundus", "fairvlmed", "near_free")
FUNDUS = Kind("664x512", (664, 512), 32, "slo_fundus", "fairvlmed", "near_free")
OCT = Kind("128x200x200", (128, 200, 200), 4, "oct_bscans", "fairfedmed-oct", "near_free_oct")


def write_splits(
    root: Path, kind: Kind, sizes: dict[str, int], *, compressed: bool = False
) -> dict[str, Path]:
    """Folders with a test split each, by the names and sizes that are asked for.

    The k-th file of each holds the image number k modulo 251, so all of them share their files.
    """
    store = root / f"{kind.name}-{'compressed' if compressed else 'stored'}"
    store.mkdir(parents=True)
    number = min(DISTINCT, max(sizes.values()))
    painted = [painter(kind)(np.random.default_rng(i)) for i in range(min(PAINTED, number))]
    files = []
    for i in range(number):
        image = painted[i % len(painted)].copy()
        image.reshape(-1)[0] = i % DISTINCT
        files.append(store / f"{i:03d}.npz")
        save = np.savez_compressed if compressed else np.savez
        save(files[-1], **{kind.key: image}, **columns(i))
    return {
        name: linked(root / f"{store.name}-{name}", kind, files, n) for name, n in sizes.items()
    }


def painter(kind: Kind) -> Callable[[np.random.Generator], Image]:
    """Paints one image."""
    if kind is OCT:
        depth, height, width = OCT.shape
        return lambda rng: paint_oct(rng, (depth, height, width), 0.3, 0.5)
    eye = {True: "OD", False: "OS"}
    size = kind.shape[0], kind.shape[1]
    return lambda rng: squash(paint(rng, eye[bool(rng.integers(2))], 0.5), size)


def columns(number: int) -> dict[str, Any]:
    """Label, groups and age of one sample."""
    rng = np.random.default_rng([number, 1])
    codes = {a.name: np.int64(rng.integers(len(a.groups))) for a in EYE_ATTRIBUTES}
    age, label = np.float64(rng.integers(30, 90)), np.int64(rng.integers(2))
    return {"glaucoma": label, "age": age, **codes}


def linked(folder: Path, kind: Kind, files: list[Path], n: int) -> Path:
    """A folder in the layout of the kind's data set, with `n` samples."""
    within = folder / ("all" if kind is OCT else "Test")
    within.mkdir(parents=True)
    names = [f"data_{i:06d}.npz" for i in range(n)]
    for i, name in enumerate(names):
        os.link(files[i % len(files)], within / name)
    if kind is OCT:
        rows = "".join(f"{name}\n" for name in names)
        (folder / "meta_site1_race_test.csv").write_text(f"filename\n{rows}")
    return folder
