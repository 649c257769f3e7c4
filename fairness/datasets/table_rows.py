"""A table of images, opened: its columns by name, its ids, and the rows of each split."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import IntArray
from fairness.datasets.splits import SPELLINGS
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError, UsageError
from fairness.tables.columns import Texts, texts
from fairness.tables.names import require_columns
from fairness.tables.rows import ids_of
from fairness.tables.table import read_table
from fairness.tables.words import names_in
from fairness.text import one_line
from fairness.unknown import is_unknown


@dataclass(frozen=True)
class Opened:
    """A whole table with the names of the columns that were found in it."""

    path: Path
    table: Any
    """A pyarrow table."""
    said: TableColumns
    file: str
    notes: tuple[str, ...]

    def named(self, asked: str | None, usual: str) -> str | None:
        """The column that was asked for, or the usual one where there is such a column."""
        if asked is not None:
            require_columns(self.path, self.table, [asked])
            return asked
        return usual if usual in self.table.column_names else None

    def required(self, asked: str | None, usual: str, flag: str) -> str:
        """As `named`, where there must be one; `flag` names it.

        Raises:
            UsageError: there is none; lists the columns.
        """
        if (found := self.named(asked, usual)) is not None:
            return found
        has = ", ".join(map(one_line, self.table.column_names))
        raise UsageError(f"{self.path}: no column '{usual}' (it has: {has}); name one with {flag}")

    def fault(self, row: int, reason: object) -> str:
        """An error that names the row, counted from 0 on here and from 1 on for people."""
        return f"{self.path} row {row + 1}: {reason}"


def open_table(path: Path, said: TableColumns) -> Opened:
    """Read a table and check that it has rows and the column of files.

    Raises:
        DataError: it cannot be read, has no rows, or two columns of one name.
        UsageError: it has no column of files.
    """
    names = (said.file, said.id, said.mask, said.patient, said.split_column)
    several = (said.target, *names_in(said.target or ""), *said.reader_labels)
    wanted = {name for name in (*names, *several, *said.attributes, *said.covariates) if name}
    read = read_table(path, wanted | {"file", "id", "target", "patient", "split"})
    require_columns(path, read.columns, ())
    opened = Opened(path, read.columns, said, "", read.notes)
    return replace(opened, file=opened.required(said.file, "file", "--file"))


def all_ids(opened: Opened) -> list[str]:
    """The id of every row; the name of its file where there is no column of ids.

    Raises:
        DataError: an id is blank, or there twice; names the rows.
    """
    column = opened.named(opened.said.id, "id")
    if column is not None:
        return ids_of(opened.path, opened.table, column)
    names = texts(opened.table[opened.file], as_is=True)
    for name, n in names.counts().items():
        if n > 1 and not is_unknown(name):
            first, second = np.flatnonzero(names.places == names.words.index(name))[:2] + 1
            raise DataError(
                f"{opened.path}: rows {first} and {second} name one file, '{name}', and there is "
                "no column 'id'; name one with --id"
            )
    return [
        f"row {row}" if is_unknown(name) else name for row, name in enumerate(names.rows(), start=1)
    ]


def splits_in(opened: Opened) -> dict[str, int]:
    """Value of the column of splits to its rows; empty where there is none."""
    column = opened.named(opened.said.split_column, "split")
    return {} if column is None else texts(opened.table[column]).counts()


def rows_of(opened: Opened, split: str) -> IntArray:
    """The rows of a split, from 0 on; all rows where no column says otherwise.

    Raises:
        UsageError: there is no column, and another split than `test` is asked for.
        DataError: the split has no rows; says which there are.
    """
    column = opened.named(opened.said.split_column, "split")
    if column is None:
        if split != "test":
            raise UsageError(
                f"{opened.path}: no column 'split', so no {split} split; name the column with "
                "--split-column"
            )
        return np.arange(opened.table.num_rows)
    found = texts(opened.table[column])
    spelled = SPELLINGS.get(split, (split.casefold(),))
    places = [i for i, word in enumerate(found.words) if word.casefold() in spelled]
    rows = np.flatnonzero(np.isin(found.places, places))
    if not rows.size:
        there = ", ".join(f"'{word}' {n}" for word, n in list(found.counts().items())[:10])
        raise DataError(
            f"{opened.path}: no row of the {split} split in column '{column}' (it has: {there}); "
            "choose one of them with --split"
        )
    return rows


def add_faults(
    opened: Opened, column: Texts, word: str, reason: str, faults: dict[int, str]
) -> None:
    """Note a reason for every row that holds a word and has no fault yet."""
    for row in np.flatnonzero(column.places == column.words.index(word)).tolist():
        faults.setdefault(row, opened.fault(row, reason))
