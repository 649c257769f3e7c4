"""What the columns of a table say of its samples: labels, groups, patients, covariates."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.datasets.dicom_tags import GROUPS
from fairness.datasets.table_rows import Opened, add_faults
from fairness.datasets.table_targets import Wanted, labels_by_reader, wanted_labels
from fairness.errors import UsageError
from fairness.mask_names import NAMES as MASK_SCORES
from fairness.tables.changes import changes_of
from fairness.tables.columns import check_groups, groups, is_number_text, number, texts
from fairness.tables.hints import twins, unknown_words, unused_patients
from fairness.tables.names import KNOWN, RESERVED, check_attribute_names, require_columns
from fairness.tables.reader_labels import majority
from fairness.tables.rows import covariates_of, patients_of
from fairness.unknown import is_unknown

TAKEN = frozenset((*RESERVED, *MASK_SCORES))
"""Columns of our own files of outcomes; no attribute or covariate may bear such a name."""


@dataclass(frozen=True)
class Values:
    """Columns of all rows of a table."""

    labels: IntArray | None
    """(n,) 0 or 1, or a class, -1 where blank; (n, L) of labels; None where the target is a
    mask."""
    attributes: tuple[Attribute, ...]
    codes: Mapping[str, IntArray]
    patients: tuple[str, ...]
    covariates: Mapping[str, FloatArray]
    reader_labels: Mapping[str, IntArray]
    """Of several readers, as `labels`; those are then of most of them, -1 where there is a tie."""
    changes: Mapping[str, Mapping[str, str]]
    """Texts that stand for others, by column."""
    notes: tuple[str, ...]
    """What the user should know about how the table was read."""


def values_of(
    opened: Opened,
    ids: list[str],
    wanted: Wanted,
    known: Iterable[Attribute],
    faults: dict[int, str],
    taken: frozenset[str] = TAKEN,
) -> Values:
    """Read everything that a table says itself.

    Args:
        opened: the table.
        ids: of its rows.
        wanted: what the target is, and its columns.
        known: attributes that are looked for, too, and whose groups keep their order.
        faults: gets the first reason why a row cannot be used, by row.
        taken: names of columns of our own files of outcomes.

    Raises:
        UsageError: a column is not there, or cannot be what it is named for.
        DataError: the labels are no labels.
    """
    path, table, said = opened.path, opened.table, opened.said
    patient = opened.named(said.patient, "patient") or ""
    asked = (opened.named(said.id, "id"), opened.named(said.split_column, "split"))
    drawn = wanted.columns if wanted.kind == "mask" else ()
    fixed = {opened.file, patient, *filter(None, asked), *drawn}
    changes, notes = changes_of(path, table, said.rules, fixed)
    of_readers = labels_by_reader(opened, wanted, changes, faults)
    labels = majority(of_readers) if of_readers else wanted_labels(opened, wanted, changes, faults)
    order = {**KNOWN, **{attribute.name: attribute for attribute in known}}
    names = attribute_names(opened, order, {*taken, opened.file, *wanted.columns})
    found = {name: texts(table[name], changes.get(name)) for name in names}
    encoded = [groups(path, n, c, order.get(n), said.unknown) for n, c in found.items()]
    for attribute, _ in encoded:
        check_groups(path, attribute, numbers_too=True)
    used = {*fixed, *wanted.columns, *names, *taken}
    if said.covariates:
        check_covariate_names(opened, {*taken, *names})
        covariates = {n: measurements(opened, n, changes, faults) for n in said.covariates}
    else:
        covariates, of_age = covariates_of(table, used, changes)
        notes += of_age
    for name in names:
        notes += unknown_words(name, found[name]) + twins(name, found[name], said.unknown)
    if not patient:
        notes += unused_patients(table, used)
    return Values(
        labels=labels,
        attributes=tuple(attribute for attribute, _ in encoded),
        codes={attribute.name: codes for attribute, codes in encoded},
        patients=patients_of(table, patient, ids),
        covariates=covariates,
        reader_labels=of_readers,
        changes=changes,
        notes=(*opened.notes, *notes),
    )


def attribute_names(
    opened: Opened, known: Mapping[str, Attribute], taken: set[str]
) -> tuple[str, ...]:
    """The columns of groups: those named, or those of known attributes; the site last.

    Raises:
        UsageError: there is none, or one is not there or has a name that a report needs.
    """
    path, table, said = opened.path, opened.table, opened.said
    names = [*said.attributes] or [name for name in known if name in table.column_names]
    names += [said.site] if said.site else []
    if not names:
        has = ", ".join(table.column_names)
        raise UsageError(
            f"{path}: name the columns of the groups with --attributes (it has: {has}; DICOM files "
            f"add {', '.join(GROUPS)})"
        )
    require_columns(path, table, names)
    check_attribute_names(path, names, taken)
    return tuple(dict.fromkeys(names))


def check_covariate_names(opened: Opened, taken: set[str]) -> None:
    """Refuse covariates that are not there, or named like attributes or what a report holds.

    Raises:
        UsageError: there is one.
    """
    require_columns(opened.path, opened.table, opened.said.covariates)
    for name in opened.said.covariates:
        if name in taken:
            raise UsageError(
                f"{opened.path}: '{name}' cannot be a covariate: it is an attribute, or a name "
                "that a report needs; name it once, or rename the column"
            )


def measurements(
    opened: Opened, column: str, changes: Mapping[str, Mapping[str, str]], faults: dict[int, str]
) -> FloatArray:
    """A named column of numbers (n,), NaN where unknown; any other text is a fault of its row."""
    found = texts(opened.table[column], changes.get(column), as_is=True)
    values = np.full(len(found.words), math.nan)
    for i, word in enumerate(found.words):
        if is_number_text(word):
            values[i] = number(word)
        elif not is_unknown(word):
            reason = (
                f"'{column}' is '{word}', expected a number; correct it, give it one with --map"
            )
            add_faults(opened, found, word, f"{reason}, or use --on-error skip", faults)
    return np.asarray(values[found.places])
