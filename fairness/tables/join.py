"""Two tables as one: the columns of a second are added by a column that both have."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fairness.errors import DataError
from fairness.tables.columns import texts
from fairness.tables.names import require_columns
from fairness.tables.rows import ids_of


def joined(
    path: Path, table: Any, second: Path, other: Any, on: str
) -> tuple[Any, tuple[str, ...]]:
    """The rows of a table with the columns of a second, null where it has no such row.

    Args:
        path: of the table, for errors.
        table: a pyarrow table; several rows may share an id.
        second: path of the second table.
        other: the second, whose ids come once.
        on: the column of ids, which both have.

    Returns:
        The table, and notes that count the ids without a partner, on either side.

    Raises:
        UsageError: a table has no such column.
        DataError: an id is blank, or comes twice in the second table; no id has a partner; or a
            column is in both with different texts.
    """
    require_columns(path, table, [on])
    require_columns(second, other, [on])
    place = {id_: row for row, id_ in enumerate(ids_of(second, other, on))}
    ids = texts(table[on], as_is=True).rows()
    rows = [place.get(id_) for id_ in ids]
    lacking = sum(row is None for row in rows)
    if lacking == len(rows):
        raise DataError(
            f"{path} and {second} share no '{on}' (such as '{ids[0]}' and '{next(iter(place))}'); "
            "name the column that both have with --on"
        )
    wanted = pa.array(rows, pa.int64())
    for name in other.column_names:
        if name not in table.column_names:
            table = table.append_column(name, other[name].take(wanted))
        elif name != on:
            _check_same(path, table[name], second, other[name], name, rows)
    unused = len(place.keys() - set(ids))
    notes = (
        f"{lacking} of {len(rows)} rows of {path.name} have no '{on}' in {second.name}: what it "
        "says is unknown of them",
        f"{unused} of {len(place)} rows of {second.name} have no row in {path.name}: they are not "
        "counted anywhere",
    )
    return table, tuple(note for note, n in zip(notes, (lacking, unused), strict=True) if n)


def _check_same(
    path: Path, column: Any, second: Path, other: Any, name: str, rows: list[int | None]
) -> None:
    """Refuse a column that says something else in the second table."""
    ours, theirs = texts(column).rows(), texts(other).rows()
    differs = np.array([r is not None and ours[i] != theirs[r] for i, r in enumerate(rows)])
    if differs.any():
        row = int(differs.argmax())
        said = theirs[rows[row] or 0]
        raise DataError(
            f"{path} row {row + 1}: '{name}' is '{ours[row]}', in {second} '{said}'; remove the "
            "column from one of them, or rename it"
        )
