"""Reads anybody's predictions: a parquet or csv file, its columns named by flags."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from audit.flags import CommaNames
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, EYE_ATTRIBUTES, OVERALL, UNKNOWN, Attribute
from fairness.errors import DataError, UsageError
from fairness.mask_scores import NAMES as MASK_SCORES
from fairness.outcomes import Answered, Cases, Names
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.masks import MaskTask
from fairness.tasks.task import Task
from fairness.text import one_line

KNOWN = {attribute.name: attribute for attribute in EYE_ATTRIBUTES}
UNKNOWN_TEXTS = ("", "-1", "unknown", "nan", "none", "null")
SPLIT_KEY = b"split_sha256"
"""Schema metadata of our parquet files: the fingerprint of the split that was scored."""
NAMES_KEY = b"names"
"""Schema metadata of our parquet files: JSON of what a report calls model, dataset and split."""
RESERVED = ("id", "patient", "target", "score")
"""Columns of our own parquet files; no attribute or covariate may bear such a name."""


@dataclass(frozen=True)
class Columns:
    """Which column of the file is what."""

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


@dataclass(frozen=True)
class Predictions:
    """What a file holds, and the fingerprint of what it was computed on."""

    answered: Answered
    task: type[Task]
    """Kind of model that the values are of."""
    split_sha256: str
    """As our own parquet files state it; of the file itself for any other."""
    names: Names | None
    """As our own parquet files state them."""


def read_predictions(path: Path, columns: Columns) -> Predictions:
    """Read a parquet or csv file of predictions, or of scores that masks got.

    It holds masks' scores where it has columns that `fairness/mask_scores.py` names, `rim_dice`
    among them, and no column of scores.

    Raises:
        DataError: the file cannot be read, or a value is not what it must be; names the column.
        UsageError: a column is not there.
    """
    table = read_table(path, columns)
    names = columns.attributes or tuple(name for name in table.column_names if name in KNOWN)
    of_masks = "rim_dice" in table.column_names and columns.score not in table.column_names
    judged = () if of_masks else (columns.target, columns.score)
    check_columns(path, table, judged, names)
    ids = texts(table, columns.id) or [str(i) for i in range(table.num_rows)]
    if len(set(ids)) != len(ids):
        raise DataError(f"{path}: column '{columns.id}' repeats ids; every row needs its own")
    patients = texts(table, columns.patient) or ids
    encoded = [encode(path, name, texts(table, name)) for name in names]
    of_cases = [name for name in MASK_SCORES if name in table.column_names] if of_masks else []
    used = {*judged, columns.id, columns.patient, *names, *of_cases, *RESERVED}
    cases = Cases(
        ids=tuple(ids),
        patients=tuple(patient or id_ for patient, id_ in zip(patients, ids, strict=True)),
        attributes=tuple(attribute for attribute, _ in encoded),
        codes={attribute.name: codes for attribute, codes in encoded},
        covariates={
            name: numbers(table[name])
            for name in table.column_names
            if name not in used and is_number(table[name])
        },
    )
    task: type[Task] = MaskTask if of_masks else BinaryTask
    labels = None if of_masks else targets(path, table, columns)
    values = {name: measured(path, table, name) for name in of_cases}
    if not of_masks:
        values = {SCORE: scores(path, table, columns.score)}
    answered = Answered(cases=cases, labels=labels, values=values)
    stated = table.schema.metadata or {}
    digest = stated.get(SPLIT_KEY) or hashlib.sha256(path.read_bytes()).hexdigest().encode()
    return Predictions(answered, task, digest.decode(), names_stated(path, stated.get(NAMES_KEY)))


def read_table(path: Path, columns: Columns) -> Any:
    """A pyarrow table from `.parquet`, or from csv whatever the ending; names stay texts there."""
    as_text = (columns.id, columns.patient, columns.target, *columns.attributes, *KNOWN)
    options = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(as_text, pa.string()), strings_can_be_null=True
    )
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            table = pyarrow.csv.read_csv(path, convert_options=options)
        list(table.column_names)  # decodes the names, which fails for what is no text
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable parquet or csv file ({reason[:200]})") from None
    return table


def check_columns(path: Path, table: Any, judged: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Refuse columns that are absent, there twice, or named like what a report holds anyway."""
    if not names:
        raise UsageError(f"{path}: name the columns of the groups with --attributes")
    for name in (*judged, *names):
        if name not in table.column_names:
            raise UsageError(
                f"{path}: no column '{name}' (it has: {', '.join(table.column_names)})"
            )
    twice = [name for name, n in Counter(table.column_names).items() if n > 1]
    if twice:
        raise DataError(f"{path}: it has several columns '{twice[0]}'; keep one")
    for name in names:
        taken = name in (*RESERVED, OVERALL, *judged)
        if taken or one_line(name) != name:
            raise UsageError(f"{path}: '{name}' cannot be an attribute; rename the column")
    if table.num_rows == 0:
        raise DataError(f"{path}: it has no rows")


def names_stated(path: Path, text: bytes | None) -> Names | None:
    """What our own parquet file calls model, dataset and split."""
    if text is None:
        return None
    try:
        return TypeAdapter(Names).validate_json(text)
    except ValidationError:
        raise DataError(f"{path}: its metadata 'names' are unusable; write the file anew") from None


def texts(table: Any, name: str) -> list[str]:
    """A column as texts, null as the empty text; an empty list where there is no such column."""
    if name not in table.column_names:
        return []
    return [one_line(value) for value in table[name].to_pylist()]


def encode(path: Path, name: str, values: list[str]) -> tuple[Attribute, IntArray]:
    """Attribute and codes of a column of group names; blank, -1 and `unknown` are unknown."""
    known = sorted({value for value in values if value.lower() not in UNKNOWN_TEXTS})
    attribute = Attribute(name, tuple(known))
    if name in KNOWN and set(known) <= set(KNOWN[name].groups):
        attribute = KNOWN[name]
    if ALL in known:
        raise DataError(f"{path}: '{name}' has a group '{ALL}'; rename it")
    code = {group: i for i, group in enumerate(attribute.groups)}
    return attribute, np.array([code.get(value, UNKNOWN) for value in values], dtype=np.int64)


def targets(path: Path, table: Any, columns: Columns) -> IntArray:
    """1 where the target is the positive value, 0 elsewhere; refuses blanks and a third class."""
    values = [value.removesuffix(".0") for value in texts(table, columns.target)]
    blank = [i for i, value in enumerate(values) if value.lower() in ("", "nan", "none", "null")]
    if blank:
        raise DataError(f"{path}: '{columns.target}' is blank in row {blank[0] + 1}")
    classes = sorted(set(values))
    if len(classes) != 2 or columns.positive not in classes:
        raise DataError(
            f"{path}: '{columns.target}' must have two values, one of them '{columns.positive}' "
            f"(name it with --positive), but has {', '.join(classes[:5])}"
            f"{', ...' if len(classes) > 5 else ''}"
        )
    return np.array([value == columns.positive for value in values], dtype=np.int64)


def measured(path: Path, table: Any, name: str) -> FloatArray:
    """A column of numbers, NaN where blank."""
    if not is_number(table[name]):
        raise DataError(f"{path}: '{name}' is {table[name].type}, expected numbers")
    return numbers(table[name])


def scores(path: Path, table: Any, name: str) -> FloatArray:
    """The scores; higher means more likely positive, on any scale."""
    values = measured(path, table, name)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 1
        raise DataError(f"{path}: '{name}' is blank or not finite in row {row}")
    return values


def is_number(column: Any) -> bool:
    """Whether a pyarrow column holds integers, floats or booleans."""
    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def numbers(column: Any) -> FloatArray:
    """A numeric pyarrow column as float64, null as NaN."""
    values: FloatArray = pc.cast(column, pa.float64()).to_numpy()
    return values
