"""Whom and what the rows of a table are of: ids, patients, and numbers beside them."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import FloatArray
from fairness.errors import DataError
from fairness.tables.columns import is_number, is_text, numbers, numbers_in, texts
from fairness.unknown import is_unknown

NO_ID = frozenset(("", "nan", "none", "null", "nat", "<na>"))
"""What programs write for an id that is absent, in lower case."""


def ids_of(path: Path, table: Any, name: str) -> list[str]:
    """The ids; an empty list where there is no such column.

    Raises:
        DataError: an id is blank, or there twice; names the rows.
    """
    if name not in table.column_names:
        return []
    column = texts(table[name], as_is=True)
    for word in column.words:
        if word.lower() in NO_ID:
            raise DataError(
                f"{path}: blank id in row {column.first_row(word)} of column '{name}'; give every "
                "row an id, and remove rows that hold nothing"
            )
    if len(column.words) == len(column.places):
        return column.rows()
    word = next(word for word, n in column.counts().items() if n > 1)
    first, second = np.flatnonzero(column.places == column.words.index(word))[:2] + 1
    if is_unknown(word):
        raise DataError(f"{path}: blank id ('{word}') in row {first} of column '{name}'")
    raise DataError(
        f"{path}: column '{name}' repeats ids ('{word}' in rows {first} and {second}); every row "
        "needs its own, and --patient may name the column of people"
    )


def patients_of(table: Any, name: str, ids: list[str]) -> tuple[str, ...]:
    """The patient of each row; the row's id where none is named."""
    rows = ids or [str(i) for i in range(table.num_rows)]
    if name not in table.column_names:
        return tuple(rows)
    column = texts(table[name])
    words = ["" if is_unknown(word) else word for word in column.words]
    named = [words[place] for place in column.places.tolist()]
    return tuple(patient or id_ for patient, id_ in zip(named, rows, strict=True))


def covariates_of(
    table: Any, used: set[str], changes: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, FloatArray], list[str]]:
    """The other columns that hold numbers, NaN where unknown, and a note on an age that is none."""
    found, notes = {}, []
    for name in table.column_names:
        column = table[name]
        if name in used:
            continue
        if is_number(column) and name not in changes:
            found[name] = numbers(column)
        elif is_number(column) or is_text(column):
            try:
                values = numbers_in(texts(column, changes.get(name)))
            except ValueError as error:
                if name == "age":
                    row, word = error.args
                    notes.append(
                        f"column 'age' is not used: '{word}' in row {row} is no number; give it "
                        f"one with --map {shlex.quote(f'age:{word}=90')}, or the like"
                    )
                continue
            if np.isfinite(values).any():
                found[name] = values
    return found, notes
