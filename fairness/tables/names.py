"""Names of columns: which must be there, and which a report needs for itself."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from fairness.attributes import EYE_ATTRIBUTES, OVERALL
from fairness.errors import DataError, UsageError
from fairness.text import one_line

KNOWN = {attribute.name: attribute for attribute in EYE_ATTRIBUTES}
"""Attributes that are looked for where none are named."""
RESERVED = ("id", "patient", "target", "score")
"""Columns of our own parquet files; no attribute or covariate may bear such a name."""


def require_columns(path: Path, table: Any, needed: Iterable[str]) -> None:
    """Refuse a table that lacks a column, has one twice, or has no rows.

    Raises:
        UsageError: a column is not there; lists those that are.
        DataError: there are two of one name, or no rows.
    """
    for name in needed:
        if name not in table.column_names:
            has = ", ".join(map(one_line, table.column_names))
            raise UsageError(f"{path}: no column '{name}' (it has: {has})")
    twice = [name for name, n in Counter(table.column_names).items() if n > 1]
    if twice:
        raise DataError(f"{path}: it has several columns '{one_line(twice[0])}'; keep one")
    if table.num_rows == 0:
        raise DataError(f"{path}: it has no rows")


def check_attribute_names(path: Path, names: Iterable[str], taken: Collection[str]) -> None:
    """Refuse attributes named like what a report holds anyway.

    Raises:
        UsageError: there is one.
    """
    for name in names:
        if name in (*RESERVED, OVERALL, *taken) or one_line(name) != name:
            raise UsageError(f"{path}: '{name}' cannot be an attribute; rename the column")
