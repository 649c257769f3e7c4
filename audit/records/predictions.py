"""Reads anybody's predictions: a parquet or csv file, its columns named by flags."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from audit.flags import CommaNames, MapRules, Words
from audit.records.columns import check_groups, groups, texts
from audit.records.hints import duplicated_rows, twins, unknown_words, unused_patients
from audit.records.judged import measured, scores, targets
from audit.records.rows import covariates_of, ids_of, patients_of
from audit.records.sameness import digests
from audit.records.table import read_table
from fairness.attributes import EYE_ATTRIBUTES, OVERALL
from fairness.errors import DataError, UsageError
from fairness.mask_scores import NAMES as MASK_SCORES
from fairness.outcomes import Answered, Cases, Names
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.masks import MaskTask
from fairness.tasks.task import Task
from fairness.text import one_line
from fairness.unknown import plain

KNOWN = {attribute.name: attribute for attribute in EYE_ATTRIBUTES}
SPLIT_KEY = b"split_sha256"
"""Schema metadata of our parquet files: the fingerprint of the split that was scored."""
NAMES_KEY = b"names"
"""Schema metadata of our parquet files: JSON of what a report calls model, dataset and split."""
RESERVED = ("id", "patient", "target", "score")
"""Columns of our own parquet files; no attribute or covariate may bear such a name."""


@dataclass(frozen=True)
class Columns:
    """Which column of the file is what, and what its words mean."""

    target: str = "target"
    """Column of the label: 0/1, or anything with --positive."""
    score: str = "score"
    """Column of the score; higher means more likely positive."""
    attributes: CommaNames = ()
    """Columns of the groups, separated by commas; without it, those of known attributes."""
    id: str = "id"
    """Column of the sample's id; absent: row numbers."""
    patient: str = "patient"
    """Column of the patient; absent: every row is a patient of its own."""
    positive: str = "1"
    """Value of the label that counts as positive."""
    unknown: Words = ()
    """Further words for an unknown group, besides those of docs/data.md: U,X."""
    map: MapRules = ()
    """Read a text as another: sex:F=Female,sex:M=Male; unknown as the new text is allowed."""

    @property
    def more_unknown(self) -> frozenset[str]:
        """The words of --unknown, as `is_unknown` takes them."""
        return frozenset(plain(word) for words in self.unknown for word in words)


@dataclass(frozen=True)
class Predictions:
    """What a file holds, and how it is recognised."""

    answered: Answered
    task: type[Task]
    """Kind of model that the values are of."""
    split_sha256: str
    """As our own parquet files state it; of labels and scores for any other."""
    names: Names | None
    """As our own parquet files state them."""
    cases_sha256: tuple[str, ...]
    """By which the same cases are recognised in another file (`sameness.py`)."""
    notes: tuple[str, ...]
    """What the user should know about how the file was read."""


def read_predictions(path: Path, columns: Columns) -> Predictions:
    """Read a parquet or csv file of predictions, or of scores that masks got.

    It holds masks' scores where it has columns that `fairness/mask_scores.py` names, `rim_dice`
    among them, and no column of scores.

    Raises:
        DataError: the file cannot be read, or a value is not what it must be; names the column.
        UsageError: a column is not there.
    """
    asked = (columns.target, columns.score, columns.id, columns.patient, *columns.attributes)
    read = read_table(path, asked)
    table, stated = read.columns, read.metadata
    names = columns.attributes or tuple(name for name in table.column_names if name in KNOWN)
    of_masks = "rim_dice" in table.column_names and columns.score not in table.column_names
    judged = () if of_masks else (columns.target, columns.score)
    check_columns(path, table, judged, names, columns)
    changes, notes = changes_of(path, table, columns)
    ids = ids_of(path, table, columns.id)
    found = {name: texts(table[name], changes.get(name)) for name in names}
    more = columns.more_unknown
    encoded = [groups(path, name, found[name], KNOWN.get(name), more) for name in names]
    for attribute, _ in encoded:
        # Our own files may hold a federation of many sites.
        check_groups(path, attribute, numbers_too=NAMES_KEY not in stated)
    of_cases = [name for name in MASK_SCORES if name in table.column_names] if of_masks else []
    used = {*judged, columns.id, columns.patient, *names, *of_cases, *RESERVED}
    covariates, of_age = covariates_of(table, used, changes)
    cases = Cases(
        ids=tuple(ids or map(str, range(table.num_rows))),
        patients=patients_of(table, columns.patient, ids),
        attributes=tuple(attribute for attribute, _ in encoded),
        codes={attribute.name: codes for attribute, codes in encoded},
        covariates=covariates,
    )
    notes = [*read.notes, *notes, *of_age]
    for name in names:
        notes += unknown_words(name, found[name]) + twins(name, found[name], more)
    if columns.patient not in table.column_names:
        notes += unused_patients(table, used)
    task: type[Task] = MaskTask if of_masks else BinaryTask
    labels = None
    values = {name: measured(path, table, name) for name in of_cases}
    if not of_masks:
        labels = targets(path, table, columns.target, columns.positive, changes)
        values = {SCORE: scores(path, table, columns.score)}
    first = next(iter(values.values()))
    notes += duplicated_rows(table, columns.id, first)
    zeros = np.zeros(table.num_rows, dtype=np.int64)
    same = digests(ids or None, zeros if labels is None else labels, first)
    return Predictions(
        answered=Answered(cases=cases, labels=labels, values=values),
        task=task,
        split_sha256=split_stated(path, stated.get(SPLIT_KEY)) or same[0],
        names=names_stated(path, stated.get(NAMES_KEY)),
        cases_sha256=same,
        notes=tuple(notes),
    )


def check_columns(
    path: Path, table: Any, judged: tuple[str, ...], names: tuple[str, ...], columns: Columns
) -> None:
    """Refuse columns that are absent, there twice, or named like what a report holds anyway."""
    if not names:
        raise UsageError(f"{path}: name the columns of the groups with --attributes")
    asked = [
        name for name, usual in ((columns.id, "id"), (columns.patient, "patient")) if name != usual
    ]  # the usual ones may be absent
    for name in (*judged, *names, *asked):
        if name not in table.column_names:
            has = ", ".join(map(one_line, table.column_names))
            raise UsageError(f"{path}: no column '{name}' (it has: {has})")
    twice = [name for name, n in Counter(table.column_names).items() if n > 1]
    if twice:
        raise DataError(f"{path}: it has several columns '{one_line(twice[0])}'; keep one")
    for name in names:
        taken = name in (*RESERVED, OVERALL, *judged)
        if taken or one_line(name) != name:
            raise UsageError(f"{path}: '{name}' cannot be an attribute; rename the column")
    if table.num_rows == 0:
        raise DataError(f"{path}: it has no rows")


def changes_of(
    path: Path, table: Any, columns: Columns
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The texts to put in place of others by column, and notes on rules that change nothing.

    Raises:
        UsageError: a rule names no column, or one of ids or scores, or contradicts another.
    """
    changes: dict[str, dict[str, str]] = {}
    notes = []
    for rule in (rule for rules in columns.map for rule in rules):
        if rule.column not in table.column_names:
            has = ", ".join(map(one_line, table.column_names))
            raise UsageError(f"--map: {path} has no column '{rule.column}' (it has: {has})")
        if rule.column in (columns.id, columns.patient, columns.score):
            raise UsageError(f"--map: '{rule.column}' holds ids or scores, which stay as they are")
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
