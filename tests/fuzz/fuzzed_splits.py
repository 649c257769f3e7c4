"""Targets of the fuzz: data sets with odd npz files, pictures, lists and tables."""

import contextlib
import io
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from odd_inputs import ODD_TEXTS, Rng, damaged_bytes, odd_array, pick
from PIL import Image

from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from fairness.datasets.catalogue import open_split
from fairness.datasets.npz import Npz
from fairness.errors import DataError
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from fairness.synthetic.site_recipe import SiteRecipe

WRITERS: dict[str, Callable[[Path], None]] = {
    "fairvlmed": lambda root: write_fairvlmed(root, Recipe(train=1, val=1, test=3)),
    "fairseg": lambda root: write_fairseg(root, SegRecipe(train=1, val=1, test=2, size=(100, 120))),
    "fairfedmed-slo": lambda root: write_fairfedmed(
        root, SiteRecipe(kind="oph-slo", patients=90, size=(40, 40))
    ),
    "fairfedmed-oct": lambda root: write_fairfedmed(
        root, SiteRecipe(kind="oph-oct", patients=90, size=(16, 16), scans=4)
    ),
    "fairfedmed-chest": lambda root: write_fairfedmed(
        root, SiteRecipe(kind="chest", patients=90, size=(40, 40))
    ),
}


@cache
def good_files(dataset: str) -> dict[str, bytes]:
    """The files of a small data set by their path."""
    with tempfile.TemporaryDirectory() as name:
        WRITERS[dataset](Path(name))
        files = [path for path in Path(name).rglob("*") if path.is_file()]
        return {str(path.relative_to(name)): path.read_bytes() for path in files}


def odd_npz(rng: Rng, content: bytes) -> bytes:
    if rng.random() < 0.3:
        return damaged_bytes(rng, content)
    with np.load(io.BytesIO(content)) as npz:
        arrays = {key: npz[key] for key in npz.files}
    for _ in range(int(rng.integers(1, 4))):
        key = pick(rng, list(arrays))
        if rng.random() < 0.15:
            arrays[pick(rng, ("race", "a/b", "x" * 300, "age.npy"))] = arrays.pop(key)
        else:
            arrays[key] = odd_array(rng, arrays[key])
    packed = io.BytesIO()
    pick(rng, (np.savez, np.savez_compressed))(packed, **arrays)
    return damaged_bytes(rng, packed.getvalue()) if rng.random() < 0.3 else packed.getvalue()


def odd_picture(rng: Rng, content: bytes) -> bytes:
    if rng.random() < 0.4:
        return damaged_bytes(rng, content)
    mode = pick(rng, ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"))
    size = pick(rng, ((1, 1), (1, 3000), (40, 40)))
    packed = io.BytesIO()
    kind = pick(rng, ("png", "jpeg", "tiff", "bmp", "gif"))
    with contextlib.suppress(OSError, ValueError):
        Image.new(mode, size).save(packed, format=kind)
    return packed.getvalue()


def odd_table(rng: Rng, content: bytes) -> bytes:
    if rng.random() < 0.4:
        return damaged_bytes(rng, content)
    rows = [line.split(",") for line in content.decode().splitlines()]
    for _ in range(int(rng.choice([1, 3, 50]))):
        row = pick(rng, list(range(min(len(rows), int(rng.choice([1, len(rows)]))))))
        rows[row][int(rng.integers(len(rows[row])))] = pick(rng, ODD_TEXTS)
    return "\n".join(map(",".join, rows)).encode(errors="replace")


ODD_FILES: dict[str, Callable[[Rng, bytes], bytes]] = {
    ".npz": odd_npz,
    ".png": odd_picture,
    ".csv": odd_table,
    ".txt": damaged_bytes,
    ".json": damaged_bytes,
}


def write_odd_split(rng: Rng, folder: Path) -> str:
    """Write a data set in which some files are odd, and return its name."""
    dataset: str = pick(rng, list(WRITERS))
    files = good_files(dataset)
    share = pick(rng, (0.02, 0.2, 1.0))
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        change = ODD_FILES.get(path.suffix)
        odd = change is not None and rng.random() < share
        path.write_bytes(change(rng, content) if change is not None and odd else content)
    return dataset


def split(rng: Rng, folder: Path) -> None:
    """A data set in which some files are odd: opened, counted, and its images read."""
    dataset = write_odd_split(rng, folder)
    found = open_split(dataset, folder, "test", on_error=pick(rng, ("stop", "skip")))
    found.fingerprint()
    for index in range(min(len(found), 20)):
        with contextlib.suppress(DataError):
            found.read(index)


def npz(rng: Rng, folder: Path) -> None:
    """Every method of the reader of npz files, on one file."""
    content = next(c for name, c in good_files("fairvlmed").items() if name.endswith(".npz"))
    path = folder / "sample.npz"
    path.write_bytes(odd_npz(rng, content))
    with Npz(path) as found:
        found.checksums()
        for key in ("slo_fundus", "race", "note"):
            found.require(key)
            found.header(key)
            found.array(key)
        found.scalar("race")


def original_predictions(rng: Rng, folder: Path) -> None:
    n = 30
    codes = [rng.integers(-1, groups, n) for groups in (3, 2, 2, 3)]
    good = {"val_pred": rng.random(n), "val_gt": np.arange(n) % 2, "val_attr": np.stack(codes, 1)}
    content = io.BytesIO()
    np.savez(content, **good)
    path = folder / "pred_gt_ep001.npz"
    path.write_bytes(odd_npz(rng, content.getvalue()))
    read_predictions(path, Columns())
