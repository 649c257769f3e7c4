"""What a table says of the answer that a model should give: its labels, or the values of one."""

from dataclasses import dataclass
from pathlib import Path

from audit.flags import CommaNames
from audit.table_flags import TableFlags, is_table, table_columns
from fairness.datasets.table_rows import open_table
from fairness.errors import UsageError
from fairness.tables.changes import changes_of
from fairness.tables.columns import texts
from fairness.tables.judged import is_blank
from fairness.tables.labels import NO_LABEL, listed_names
from fairness.tables.names import require_columns
from fairness.tables.words import names_in


@dataclass(frozen=True)
class TableTarget:
    """The target of a table, before anybody has said what the model answers."""

    column: str
    """Of one label or class, or the one that lists labels; empty where each label has its own."""
    labels: tuple[str, ...] = ()
    """Names of several labels."""
    values: tuple[str, ...] = ()
    """What the column of one label holds, numbers by their size, words by the alphabet.

    `none` and the like may be a class."""


def table_target(
    path: Path | None, flags: TableFlags, attributes: CommaNames
) -> TableTarget | None:
    """The target; None where no column is named, and none is called `target`.

    Args:
        path: of data; None, or no table, has no target.
        flags: what its columns are.
        attributes: those of groups.

    Raises:
        DataError: it cannot be read.
        UsageError: a column is not there.
    """
    if path is None or not is_table(path):
        return None
    said = table_columns(path, flags, attributes)
    opened = open_table(path, said)
    several = names_in(said.target or "")
    if len(several) > 1 and said.target not in opened.table.column_names:
        require_columns(path, opened.table, several)
        if len(set(several)) < len(several):
            raise UsageError(f"--target {said.target}: names a column twice")
        return TableTarget("", labels=several)
    column = opened.named(said.target, "target")
    if column is None:
        return None
    if said.target_separator is not None:
        listed = listed_names(texts(opened.table[column]), said.target_separator)
        return TableTarget(column, labels=listed)
    changes, _ = changes_of(path, opened.table, said.rules, ())
    words = texts(opened.table[column], changes.get(column)).words
    named = [word for word in words if not is_blank(word) or word.lower() in NO_LABEL]
    return TableTarget(column, values=in_order(named))


def in_order(words: list[str]) -> tuple[str, ...]:
    """Numbers by their size, anything else by the alphabet."""
    try:
        return tuple(sorted(words, key=float))
    except ValueError:
        return tuple(sorted(words))
