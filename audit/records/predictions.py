"""Reads anybody's predictions: a parquet or csv file, its columns named by flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from audit.records.columns import Columns
from audit.records.sameness import digests
from audit.records.several import Judged, judged_columns
from fairness.decided import decided
from fairness.errors import DataError, UsageError
from fairness.mask_names import scores_in, structures_in
from fairness.outcomes import Answered, Cases, Names
from fairness.tables.changes import changes_of
from fairness.tables.columns import check_groups, groups, texts
from fairness.tables.hints import duplicated_rows, twins, unknown_words, unused_patients
from fairness.tables.join import joined
from fairness.tables.judged import measured
from fairness.tables.labels import unknown_labels
from fairness.tables.names import KNOWN, RESERVED, check_attribute_names, require_columns
from fairness.tables.rows import covariates_of, ids_of, patients_of
from fairness.tables.table import read_table
from fairness.tables.words import names_in
from fairness.tasks.task import Choices, Task
from fairness.text import one_line

SPLIT_KEY = b"split_sha256"
"""Schema metadata of our parquet files: the fingerprint of the split that was scored."""
NAMES_KEY = b"names"
"""Schema metadata of our parquet files: JSON of what a report calls model, dataset and split."""


@dataclass(frozen=True)
class Predictions:
    """What a file holds, and how it is recognised."""

    everything: Answered
    """With the cases of which as many readers say 1 as 0, and with their labels."""
    task: type[Task]
    """Kind of model that the values are of."""
    choices: Choices
    """Names of labels or classes, and whether these are steps."""
    split_sha256: str
    """As our own parquet files state it; of labels and scores for any other."""
    names: Names | None
    """As our own parquet files state them."""
    cases_sha256: tuple[str, ...]
    """By which the same cases are recognised in another file (`sameness.py`)."""
    statement: str
    """What the report should say about the data: ids without a partner."""
    notes: tuple[str, ...]
    """What the user should know about how the file was read."""

    @cached_property
    def answered(self) -> Answered:
        """What the file holds of cases whose label is decided."""
        return decided(self.everything)


def read_predictions(path: Path, columns: Columns) -> Predictions:
    """Read a parquet or csv file of predictions, or of scores that masks got.

    It holds masks' scores where it has columns that `fairness/mask_names.py` names, one of them
    the Dice coefficient of a structure (`lung_dice`), and no column of scores.

    Raises:
        DataError: the file cannot be read, or a value is not what it must be; names the column.
        UsageError: a column is not there.
    """
    several = [n for text in (columns.target, columns.score) for n in (text, *names_in(text))]
    several += columns.reader_labels
    read = read_table(path, (*several, columns.id, columns.patient, *columns.attributes))
    table, of_join, of_second = with_metadata(path, read.columns, columns)
    stated = read.metadata
    names = columns.attributes or tuple(name for name in table.column_names if name in KNOWN)
    of_masks = columns.score not in table.column_names and bool(structures_in(table.column_names))
    judged = judged_columns(path, table, columns, stated, of_masks=of_masks)
    check_columns(path, table, judged.all, names, columns)
    fixed = (columns.id, columns.patient, *judged.scores)
    changes, notes = changes_of(path, table, chain.from_iterable(columns.map), fixed)
    ids = ids_of(path, table, columns.id)
    found = {name: texts(table[name], changes.get(name)) for name in names}
    more = columns.more_unknown
    encoded = [groups(path, name, found[name], KNOWN.get(name), more) for name in names]
    for attribute, _ in encoded:
        # Our own files may hold a federation of many sites.
        check_groups(path, attribute, numbers_too=NAMES_KEY not in stated)
    of_cases = scores_in(table.column_names) if of_masks else ()
    used = {*judged.all, columns.id, columns.patient, *names, *of_cases, *RESERVED}
    covariates, of_age = covariates_of(table, used, changes)
    cases = Cases(
        ids=tuple(ids or map(str, range(table.num_rows))),
        patients=patients_of(table, columns.patient, ids),
        attributes=tuple(attribute for attribute, _ in encoded),
        codes={attribute.name: codes for attribute, codes in encoded},
        covariates=covariates,
    )
    notes = [*read.notes, *of_second, *of_join, *notes, *of_age]
    for name in names:
        notes += unknown_words(name, found[name]) + twins(name, found[name], more)
    if columns.patient not in table.column_names:
        notes += unused_patients(table, used)
    labels = judged.labels(path, table, columns, changes)
    notes += unknown_labels(judged.names, labels)
    of_readers = judged.reader_labels(path, table, columns, changes)
    values = {name: measured(path, table, name) for name in of_cases}
    values |= judged.values(path, table, columns.score_type)
    every = np.stack([*values.values()][: 1 if of_masks else None], axis=1)
    notes += duplicated_rows(table, columns.id, every[:, 0])
    zeros = np.zeros(table.num_rows, dtype=np.int64)
    return predictions_of(
        path,
        Answered(cases=cases, labels=labels, values=values, reader_labels=of_readers),
        judged,
        stated,
        digests(ids or None, zeros if labels is None else labels, every),
        (of_join, tuple(notes)),
    )


def predictions_of(
    path: Path,
    answered: Answered,
    judged: Judged,
    stated: Mapping[bytes, bytes],
    same: tuple[str, ...],
    said: tuple[tuple[str, ...], tuple[str, ...]],
) -> Predictions:
    """What a file holds, with what its metadata state.

    Args:
        path: named in errors.
        answered: its rows.
        judged: columns of labels and scores.
        stated: metadata of a parquet file.
        same: digests of the cases.
        said: of the joining of two tables, and everything that the user should know.
    """
    return Predictions(
        everything=answered,
        task=judged.task,
        choices=Choices(names=judged.names, ordered=judged.ordered),
        split_sha256=split_stated(path, stated.get(SPLIT_KEY)) or same[0],
        names=names_stated(path, stated.get(NAMES_KEY)),
        cases_sha256=same,
        statement="; ".join(said[0]),
        notes=said[1],
    )


def with_metadata(
    path: Path, table: Any, columns: Columns
) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """The table with the columns of `--metadata`; notes on ids without a partner, on its reading.

    Raises:
        UsageError: `--on` without a second table, or a table lacks the column.
        DataError: the second table cannot be read or joined.
    """
    if columns.metadata is None:
        if columns.on is not None:
            raise UsageError("--on joins a second table; name it with --metadata")
        return table, (), ()
    on = columns.on or columns.id
    asked = (
        on,
        *names_in(columns.target),
        *columns.reader_labels,
        columns.patient,
        *columns.attributes,
    )
    second = read_table(columns.metadata, asked)
    found, notes = joined(path, table, columns.metadata, second.columns, on)
    return found, notes, second.notes


def check_columns(
    path: Path, table: Any, judged: tuple[str, ...], names: tuple[str, ...], columns: Columns
) -> None:
    """Refuse columns that are absent, there twice, or named like what a report holds anyway."""
    if not names:
        raise UsageError(f"{path}: name the columns of the groups with --attributes")
    if not judged and columns.score_type != "auto":
        raise UsageError(
            f"{path}: it holds scores of masks, which have no --score-type; leave it out"
        )
    asked = [
        name for name, usual in ((columns.id, "id"), (columns.patient, "patient")) if name != usual
    ]  # the usual ones may be absent
    require_columns(path, table, (*judged, *names, *asked))
    check_attribute_names(path, names, judged)


def names_stated(path: Path, text: bytes | None) -> Names | None:
    """What our own parquet file calls model, dataset and split."""
    if text is None:
        return None
    try:
        found = TypeAdapter(Names).validate_json(text)
        return Names(**{name: one_line(said) for name, said in vars(found).items()})
    except ValidationError:
        raise DataError(f"{path}: its metadata 'names' are unusable; write the file anew") from None


def split_stated(path: Path, text: bytes | None) -> str | None:
    """The fingerprint that our own parquet file states."""
    if text is None:
        return None
    if len(text) > 64 or not text.isalnum() or not text.isascii():
        raise DataError(f"{path}: its metadata 'split_sha256' are unusable; write the file anew")
    return text.decode()
