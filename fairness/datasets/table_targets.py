"""The target of a table's rows: one label, several, a class, or the file of a mask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN
from fairness.datasets.table_rows import Opened, add_faults
from fairness.errors import DataError, UsageError
from fairness.tables.columns import texts
from fairness.tables.judged import is_blank, positives
from fairness.tables.labels import class_codes, label_codes, listed_codes, listed_names
from fairness.tables.names import require_columns
from fairness.tables.reader_labels import FLAG, check_names, codes_of
from fairness.tables.words import names_in
from fairness.text import one_line

Kind: TypeAlias = Literal["label", "readers", "labels", "class", "mask"]
Changes: TypeAlias = Mapping[str, Mapping[str, str]]
OTHERWISE = "; correct it, or go on without it by --on-error skip"


class NoTargetError(UsageError):
    """The table lacks a column, or a label, that the model predicts, and no flag names another."""


@dataclass(frozen=True)
class Wanted:
    """What the target of a row is, and the columns that say it."""

    kind: Kind
    columns: tuple[str, ...]
    """One; or one a label or reader, or one that lists labels."""
    names: tuple[str, ...] = ()
    """Of several labels, or of classes."""


def wanted_of(
    opened: Opened,
    predicted: str,
    masks: bool,
    labels: tuple[str, ...] | None,
    classes: tuple[str, ...] | None,
) -> Wanted:
    """The columns of the target.

    Args:
        opened: the table.
        predicted: what the model predicts: the usual name of the column.
        masks: whether a mask is wanted.
        labels: names of several labels; none: those of the columns that are named; None: there is
            one.
        classes: names of classes, where there are more than two.

    Raises:
        UsageError: a column is not there, or there are too many or too few.
        NoTargetError: a column is not there, and it is the model's name for it that was looked for.
    """
    said, there = opened.said, opened.table.column_names
    if said.reader_labels:
        return wanted_readers(opened, one_label=not masks and labels is None and classes is None)
    named = [predicted] if labels is None else labels if said.target_separator is None else ()
    lacking = [name for name in named if name not in there]
    if lacking and said.target is None and not masks and (labels or "target" not in there):
        has = ", ".join(map(one_line, there))
        raise NoTargetError(
            f"{opened.path}: no column '{lacking[0]}' (it has: {has}); name one with --target"
        )
    if labels is None and (said.target_separator is not None or said.uncertain != "ignore"):
        raise UsageError("--target-separator and --uncertain are of several labels; leave them out")
    usual = predicted if predicted in there else "target"
    if masks:
        return Wanted("mask", (opened.required(said.mask, "mask", "--mask"),))
    if labels is None and classes is None:
        return Wanted("label", (opened.required(said.target, usual, "--target"),))
    if labels is None:
        return Wanted("class", (opened.required(said.target, usual, "--target"),), classes or ())
    if said.positive != "1":
        raise UsageError("--positive is of one label; of several rename words with --map")
    if said.target_separator is not None:
        column = opened.required(said.target, usual, "--target")
        listed = listed_names(texts(opened.table[column]), said.target_separator)
        return Wanted("labels", (column,), labels or listed)
    columns = names_in(said.target or "") or labels
    require_columns(opened.path, opened.table, columns)
    if len(columns) != len(labels or columns) or len(set(columns)) < len(columns):
        raise UsageError(
            f"--target {said.target}: {len(columns)} columns for the {len(labels)} labels "
            f"{', '.join(labels)}; name one for each, in this order"
        )
    return Wanted("labels", columns, labels or columns)


def wanted_readers(opened: Opened, *, one_label: bool) -> Wanted:
    """The columns of several readers.

    Raises:
        UsageError: a column is not there, or flags or the model's answers speak against it.
    """
    said, names = opened.said, opened.said.reader_labels
    if not one_label:
        raise UsageError(f"{FLAG} is of one label; this model answers several, classes or masks")
    check_names(names, target=said.target)
    if said.target_separator is not None or said.uncertain != "ignore":
        raise UsageError(f"{FLAG} goes with no --target-separator or --uncertain; leave them out")
    require_columns(opened.path, opened.table, names)
    return Wanted("readers", names)


def labels_by_reader(
    opened: Opened, wanted: Wanted, changes: Changes, faults: dict[int, str]
) -> dict[str, IntArray]:
    """Labels (n,) of each reader, -1 where blank; none where there are no several readers.

    Raises:
        DataError: a value is no label. A row that nobody has labelled is a fault.
    """
    if wanted.kind != "readers":
        return {}
    found = {name: texts(opened.table[name], changes.get(name)) for name in wanted.columns}

    def fault(row: int, reason: str) -> None:
        said = f"{reason}; remove the row, or go on without it by --on-error skip"
        faults.setdefault(row, opened.fault(row, said))

    try:
        return codes_of(found, opened.said.positive, fault)
    except DataError as error:
        raise DataError(f"{opened.path}: {error}") from None


def wanted_labels(
    opened: Opened, wanted: Wanted, changes: Changes, faults: dict[int, str]
) -> IntArray | None:
    """Labels of all rows, (n,) or (n, L); None of masks. What cannot be used is a fault of its row.

    Raises:
        DataError: one label has not two values, or none of them is the positive one.
        UsageError: a column that lists labels never lists one of them.
    """
    if wanted.kind == "mask":
        return None
    if wanted.kind == "label":
        return labels_of(opened, wanted.columns[0], changes, faults)
    found = [texts(opened.table[name], changes.get(name)) for name in wanted.columns]
    separator = opened.said.target_separator
    if wanted.kind == "labels" and separator is not None:
        try:
            return listed_codes(found[0], wanted.names, separator, wanted.columns[0])
        except UsageError as error:
            raise NoTargetError(f"{opened.path}: {error}") from None
    codes = []
    for name, column in zip(wanted.columns, found, strict=True):

        def fault(word: str, reason: str) -> None:
            add_faults(opened, column, word, f"{reason}{OTHERWISE}", faults)  # noqa: B023

        if wanted.kind == "class":
            return class_codes(column, name, wanted.names, fault)
        codes.append(label_codes(column, name, opened.said.uncertain, fault))
    return np.stack(codes, axis=1)


def labels_of(opened: Opened, column: str, changes: Changes, faults: dict[int, str]) -> IntArray:
    """Labels (n,) of all rows, 0 or 1; a blank one is a fault of its row.

    Raises:
        DataError: there are not two values, or none of them is the positive one.
    """
    found = texts(opened.table[column], changes.get(column))
    blank = [word for word in found.words if is_blank(word)]
    rest = [word for word in found.words if not is_blank(word)]
    try:
        labels = positives(opened.path, column, rest, opened.said.positive)
    except DataError as error:
        said = ", ".join(f"'{word}'" for word in blank if word)
        more = f"; {said} counts as not recorded: rename it with --map" if said else ""
        raise DataError(f"{error}{more}") from None
    code = dict(zip(rest, labels.tolist(), strict=True))
    for word in blank:
        reason = f"'{column}' is blank{f' ({word!r})' if word else ''}; remove the row, or go on "
        add_faults(opened, found, word, f"{reason}without it by --on-error skip", faults)
    return np.array([code.get(word, UNKNOWN) for word in found.words], np.int64)[found.places]
