"""Finds the files that the rows of a table name; the first fault of each row is kept by row."""

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fairness.datasets.decode import FORMATS
from fairness.datasets.dicom_tags import AGE, GROUPS
from fairness.datasets.file_rows import Distances, Tags
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.datasets.table_rows import Opened
from fairness.datasets.table_spacing import SPACING
from fairness.errors import DataError
from fairness.text import one_line
from fairness.unknown import is_unknown

NEVER_DICOM = (*FORMATS, *ARRAYS)
"""Endings of other formats."""


def found_file(base: Path, name: str, column: str) -> Path:
    """The file of a name, which lies below a folder.

    Args:
        base: the folder.
        name: relative to it, or absolute.
        column: of the name, for errors.

    Raises:
        DataError: there is no name or no such file, or it lies outside the folder.
    """
    if is_unknown(name):
        raise DataError(f"column '{column}' names no file; name one, or remove the row")
    root = os.path.abspath(base)
    path = Path(os.path.normpath(os.path.join(root, name)))
    if not path.is_relative_to(root):
        raise DataError(
            f"'{one_line(name)}' lies outside {base}; name the folder of the files with --images"
        )
    try:
        is_there = path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        raise DataError(f"'{one_line(name)[:80]}' is no name of a file; correct it") from None
    if not is_there:
        hint = "write / between folders; " if "\\" in name else ""
        raise DataError(
            f"no file {base / name}; {hint}fetch it, name the folder of the files with --images, "
            "or go on without it by --on-error skip"
        )
    return base / path.relative_to(root)


def placed_files(
    opened: Opened, column: str, rows: Iterable[int], faults: dict[int, str]
) -> dict[int, Path]:
    """Row to the file that a column names; a row without one gets a fault."""
    base = opened.said.images or opened.path.parent
    names = opened.table[column].to_pylist()
    found = {}
    for row in rows:
        # Blanks inside a name stay as they are, unlike those of other texts.
        name = names[row].strip() if isinstance(names[row], str) else one_line(names[row])
        try:
            found[row] = found_file(base, name, column)
        except DataError as error:
            faults.setdefault(row, opened.fault(row, error))
    return found


def with_tags(
    opened: Opened,
    images: Mapping[int, Path],
    faults: dict[int, str],
    said: Callable[[Path], Tags],
    distances: Callable[[Path], Distances] | None,
) -> Opened:
    """The table with columns of what DICOM files say, where any are and it has no such column.

    `PatientAge` becomes the column `age`, in years.

    Args:
        opened: the table.
        images: row to file.
        faults: gets the first reason why a row cannot be used, by row.
        said: reads the tags of a file.
        distances: reads the size of a pixel, for columns of `SPACING`, too.

    Raises:
        UsageError: pydicom is not installed.
    """
    tags: dict[int, dict[str, str]] = {}
    for row, path in images.items():
        try:
            if path.suffix.lower() not in NEVER_DICOM and (one := said(path).words) is not None:
                tags[row] = one
        except DataError as error:
            faults.setdefault(row, opened.fault(row, error))
    table = opened.table
    for tag in (*GROUPS, AGE) if tags else ():
        name = "age" if tag == AGE else tag
        if name not in table.column_names:
            words = [tags.get(row, {}).get(tag, "") for row in range(table.num_rows)]
            table = table.append_column(name, pa.array(words, pa.string()))
    opened = replace(opened, table=table)
    return opened if distances is None else _with_spacing(opened, images, faults, distances)


def _with_spacing(
    opened: Opened,
    images: Mapping[int, Path],
    faults: dict[int, str],
    distances: Callable[[Path], Distances],
) -> Opened:
    """The table with columns `spacing_row` and `spacing_column` of its DICOM files, in mm.

    Only where a file says so, and the table has no such column.
    """
    nowhere = (math.nan, math.nan)
    found = {}
    for row, path in images.items():
        try:
            if row not in faults and path.suffix.lower() not in NEVER_DICOM:
                found[row] = distances(path).mm or nowhere
        except DataError as error:
            faults.setdefault(row, opened.fault(row, error))
    table = opened.table
    for i, name in enumerate(SPACING):
        values = [found.get(row, nowhere)[i] for row in range(table.num_rows)]
        if name not in table.column_names and np.isfinite(values).any():
            table = table.append_column(name, pa.array(values, pa.float64()))
    return replace(opened, table=table)


def digest_of(path: Path) -> str:
    """SHA-256 of the content of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); fetch it again") from None
