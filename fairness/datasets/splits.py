"""Finds the npz files of one split, in every layout in which the data sets are passed around.

Lists of names (`lists.py`), else a folder a split (`Training`, `Validation`, `Test` or `Testing`,
in any case, or short), else all files in one folder with a column `use` in `data_summary.csv`.
"""

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from fairness.datasets.column import Column, sorted_texts
from fairness.datasets.lists import find_lists, listed_files
from fairness.errors import DataError, UsageError

SPELLINGS = {
    "train": ("training", "train"),
    "val": ("validation", "val"),
    "test": ("test", "testing"),
}
"""Split name to the accepted names of its list or folder and values of `use`, in lower case."""

SUMMARY = "data_summary.csv"

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")
"""Endings of files that no layout of npz files holds."""

SYNTHETIC = "SYNTHETIC.json"
"""Lies in the root of synthetic data only."""

HELD_OUT = 0.1
"""Share of the training patients who become the validation split of a data set without one."""


def find_files(root: Path, split: str) -> Sequence[Path]:
    """The npz files of a split, sorted by name.

    Raises:
        UsageError: `split` is none of train, val and test.
        DataError: the list, folder or split is missing, empty or given twice; says what is there.
    """
    where, files = _locate(root, split)
    if not where:
        hint = "for pictures write a table that names them; " if _pictures(root) else ""
        raise DataError(f"{root}: no {split} split ({_content(root)}); {hint}see docs/data.md")
    if not files:
        raise DataError(f"{where}: no npz files in the {split} split")
    return files


def has_files(root: Path, split: str) -> bool:
    """Whether there is a file in that split.

    Raises:
        UsageError, DataError: as `find_files`, but for a split that is missing or empty.
    """
    return bool(_locate(root, split)[1])


def is_held_out(patient: str) -> bool:
    """Whether a training patient is one of the tenth that is held out for validation.

    A function of the name alone, so that it holds whatever other patients there are.
    """
    digest = hashlib.sha256(f"hold-out/{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < HELD_OUT * 2**64


def _locate(root: Path, split: str) -> tuple[Path | None, Sequence[Path]]:
    """What defines the split, None if nothing does, and its files."""
    if split not in SPELLINGS:
        raise UsageError(f"unknown split '{split}'; use one of {', '.join(SPELLINGS)}")
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; docs/data.md says how to get or make the data")
    lists = find_lists(root, SPELLINGS)
    if lists:
        path = lists.get(split)
        return path, listed_files(root, path) if path else []
    named = [p for p in _folders(root) if p.name.lower() in SPELLINGS[split]]
    if len(named) > 1:
        names = " and ".join(p.name for p in named)
        raise DataError(f"{root}: {names} are both the {split} split; keep one of them")
    if named:
        files = sorted_texts(_npz_names(named[0]))
        return named[0], Column(len(files), lambda i: named[0] / files[i])
    if (root / SUMMARY).is_file() and any(_npz_names(root)):
        return root / SUMMARY, sorted(root / name for name in _names_by_use(root / SUMMARY, split))
    return None, []


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir())


def _npz_names(folder: Path) -> Iterator[str]:
    """The npz files in a folder, without hidden ones: some systems leave such beside each file."""
    with os.scandir(folder) as found:
        for file in found:
            if file.name.endswith(".npz") and not file.name.startswith("."):
                yield file.name


def _pictures(root: Path) -> bool:
    """Whether there are pictures or DICOM files in the folder, or one folder deeper."""
    files = (path for place in ("*", "*/*") for path in root.glob(place))
    return any(path.suffix.lower() in PICTURES for path in files)


def _names_by_use(path: Path, split: str) -> Iterator[str]:
    """File names of the rows whose `use` is this split."""
    uses = {spelling: name for name, names in SPELLINGS.items() for spelling in names}
    seen = set()
    for number, row in enumerate(read_table(path), start=1):
        name, use = row.get("filename", ""), row.get("use", "").lower()
        if use not in uses:
            raise DataError(
                f"{path} row {number}: use is '{use}', expected train, val or test; correct the "
                "column, or put the files into Training, Validation and Test"
            )
        if not name or Path(name).name != name or name in seen:
            raise DataError(
                f"{path} row {number}: '{name}' is not the name of a file beside it, or comes "
                "twice; correct the column filename"
            )
        seen.add(name)
        if uses[use] == split:
            yield f"{file_id(name)}.npz"


def rows_by_file(root: Path) -> dict[str, dict[str, str]]:
    """Sample id to its row of `data_summary.csv`; empty where there is no such file.

    Raises:
        DataError: it cannot be read, or has two rows of one file.
    """
    rows: dict[str, dict[str, str]] = {}
    path = root / SUMMARY
    for number, row in enumerate(read_table(path) if path.is_file() else [], start=1):
        name = file_id(row.get("filename", ""))
        if name and name in rows:
            raise DataError(f"{path} row {number}: '{name}' comes twice; keep one of the rows")
        rows[name] = row
    return rows


def file_id(name: str) -> str:
    """The id of a sample: its file name without `.npz`."""
    return name.strip().removesuffix(".npz")


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a csv file by column name (lower case); everything stripped of white space.

    Raises:
        DataError: the file cannot be read as UTF-8 csv.
    """
    rows = read_rows(path)
    header = [name.lower() for name in rows[0]] if rows else []
    return [dict(zip(header, row, strict=False)) for row in rows[1:]]


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a csv file, header included, without blank lines; cells are stripped.

    Raises:
        DataError: the file cannot be read as UTF-8 csv.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not readable as UTF-8 csv ({error}); fetch it again") from None


def _content(root: Path) -> str:
    """What is there instead, in a few words."""
    files = len(list(_npz_names(root)))
    names = ", ".join(p.name for p in _folders(root) if not p.name.startswith(".")) or "none"
    summary = "with" if (root / SUMMARY).is_file() else "no"
    lists = ", ".join(str(p.relative_to(root)) for p in find_lists(root, SPELLINGS).values())
    return (
        f"folders: {names}; npz files beside them: {files}; {summary} {SUMMARY}; "
        f"lists: {lists or 'none'}"
    )
