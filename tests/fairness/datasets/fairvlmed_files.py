"""Small files in the layout of FairVLMed, for the tests of its reader."""

from pathlib import Path

import numpy as np

from fairness.arrays import Array


def small_image(seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (12, 8), dtype=np.uint8)


def keys(**changes: object) -> dict[str, Array]:
    """The keys of one file; a change to None leaves the key out."""
    values: dict[str, object] = {
        "slo_fundus": small_image(),
        "glaucoma": 1,
        "race": 2,
        "gender": 0,
        "ethnicity": 0,
        "language": 0,
        "maritalstatus": 1,
        "age": 61.5,
        "md": -4.25,
        "tds": np.zeros(52, np.float32),
        "note": "an old note",
        "note_extra": "female. an old note",
    }
    values.update(changes)
    return {name: np.asarray(value) for name, value in values.items() if value is not None}


def write_npz(path: Path, **changes: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **keys(**changes))
    return path


def write_split(folder: Path, count: int = 3, first: int = 1, **changes: object) -> None:
    """Files data_00001.npz and so on, whose images and ages differ."""
    for number in range(first, first + count):
        name = f"data_{number:05d}.npz"
        write_npz(folder / name, **{"slo_fundus": small_image(number), "age": number, **changes})


def write_lists_of_notes(root: Path, count: int) -> None:
    """`gpt-4_summarized_notes.csv` of so many files, and a `data_summary.csv` beside it."""
    names = [f"data_{number:05d}.npz" for number in range(1, count + 1)]
    rows = [f"{name},an old note,a summary of {i}" for i, name in enumerate(names, start=1)]
    header = "File Name,Original Note,Summarized Note"
    (root / "gpt-4_summarized_notes.csv").write_text("\n".join([header, *rows]) + "\n")
    (root / "data_summary.csv").write_text("\n".join(["filename", *names]) + "\n")
