"""Small files in the layouts of FairSeg, for the tests of its reader."""

from pathlib import Path

import numpy as np

from fairness.arrays import Array, Image

SHAPE = (36, 40)


def classes() -> Image:
    """A cup of 6 x 8 pixels in a disc of 14 x 16: 0 background, 1 rim, 2 cup."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[10:24, 12:28] = 1
    mask[14:20, 16:24] = 2
    return mask


def keys(**changes: object) -> dict[str, Array]:
    """The keys of the release; a change to None leaves the key out."""
    image = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    values: dict[str, object] = {
        "slo_fundus": image,
        "disc_cup_mask": -classes().astype(np.float64),
        "age": 61.5,
        "gender": 1,
        "race": 2,
        "language": -1,
        "ethnicity": 1,
        "maritalstatus": 3,
    }
    values.update(changes)
    return {name: np.asarray(value) for name, value in values.items() if value is not None}


def write_npz(path: Path, **changes: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **keys(**changes))
    return path


def write_list(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
