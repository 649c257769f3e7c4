"""Texts of a table that stand for others: `sex:F=Female`."""

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairness.errors import UsageError
from fairness.tables.columns import texts
from fairness.text import one_line


@dataclass(frozen=True)
class MapRule:
    """In one column, one text that stands for another."""

    column: str
    old: str
    new: str


def rules_in(text: str) -> tuple[MapRule, ...]:
    """The rules of `sex:F=Female,sex:M=Male`; one that holds a comma is put into double quotes.

    The column ends at the first colon, the old text at the last equals sign.

    Raises:
        UsageError: a part is no such rule.
    """
    rules = []
    try:
        parts = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error as error:
        raise UsageError(f"--map: '{text}' cannot be read ({error})") from None
    for part in parts:
        column, colon, change = part.partition(":")
        old, equals, new = change.rpartition("=")
        if not (column.strip() and colon and equals and new.strip()):
            raise UsageError(f"--map: '{part}' is not COLUMN:OLD=NEW, as in sex:F=Female")
        rules.append(MapRule(column.strip(), " ".join(old.split()), " ".join(new.split())))
    return tuple(rules)


def changes_of(
    path: Path, table: Any, rules: Iterable[MapRule], fixed: Collection[str]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The texts to put in place of others by column, and notes on rules that change nothing.

    Args:
        path: named in errors.
        table: a pyarrow table.
        rules: of `--map`.
        fixed: columns whose texts stay as they are.

    Raises:
        UsageError: a rule names no column, or a fixed one, or contradicts another.
    """
    changes: dict[str, dict[str, str]] = {}
    notes = []
    for rule in rules:
        if rule.column not in table.column_names:
            has = ", ".join(map(one_line, table.column_names))
            raise UsageError(f"--map: {path} has no column '{rule.column}' (it has: {has})")
        if rule.column in fixed:
            raise UsageError(
                f"--map: '{rule.column}' holds ids or scores, or names files; such texts stay"
            )
        said = changes.setdefault(rule.column, {})
        if said.setdefault(rule.old, rule.new) != rule.new:
            raise UsageError(f"--map: '{rule.old}' of '{rule.column}' has two new texts; keep one")
    for name, change in changes.items():
        there = texts(table[name]).words
        notes += [
            f"--map: no '{old}' in '{name}', so nothing to change"
            for old in change
            if old not in there
        ]
    return changes, notes
