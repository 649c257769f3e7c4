"""Anybody's predictions as outcomes: a parquet or csv file, its columns named by flags."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import (
    ETHNICITY,
    GENDER,
    LANGUAGE,
    MARITAL_STATUS,
    RACE,
    UNKNOWN,
    Attribute,
)
from fairness.errors import DataError, UsageError
from fairness.outcomes import Outcomes

KNOWN = {a.name: a for a in (RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS)}
UNKNOWN_TEXTS = ("", "-1", "unknown", "nan", "none", "null")
SPLIT_KEY = b"split_sha256"
"""Schema metadata of our parquet files: the fingerprint of the split that was scored."""


@dataclass(frozen=True)
class Columns:
    """Which column of the file is what."""

    target: str = "target"
    """0/1, or anything with `positive`."""
    score: str = "score"
    attributes: tuple[str, ...] = ()
    """Empty: every column that bears the name of a known attribute."""
    id: str = "id"
    """Row numbers where the file has no such column."""
    patient: str = "patient"
    """The id where the file has no such column."""
    positive: str = "1"
    """The value of the target that counts as positive."""


@dataclass(frozen=True)
class Predictions:
    """What a file holds, and the fingerprint of what it was computed on."""

    outcomes: Outcomes
    split_sha256: str
    """As our own parquet files state it; of the file itself for any other."""


def read_predictions(path: Path, columns: Columns) -> Predictions:
    """Read a parquet or csv file of predictions.

    Raises:
        DataError: the file cannot be read, or a value is not what it must be; names the column.
        UsageError: a column is not there.
    """
    table = read_table(path)
    names = columns.attributes or tuple(name for name in table.column_names if name in KNOWN)
    if not names:
        raise UsageError(f"{path}: name the columns of the groups with --attributes")
    for name in (columns.target, columns.score, *names):
        if name not in table.column_names:
            raise UsageError(
                f"{path}: no column '{name}' (it has: {', '.join(table.column_names)})"
            )
    ids = texts(table, columns.id) or [str(i) for i in range(table.num_rows)]
    if len(set(ids)) != len(ids):
        raise DataError(f"{path}: column '{columns.id}' repeats ids; every row needs its own")
    attributes, codes = zip(*(encode(name, texts(table, name)) for name in names), strict=True)
    used = {columns.target, columns.score, columns.id, columns.patient, *names}
    outcomes = Outcomes(
        ids=tuple(ids),
        patients=tuple(texts(table, columns.patient) or ids),
        target=targets(path, table, columns),
        score=scores(path, table, columns.score),
        attributes=attributes,
        codes={a.name: c for a, c in zip(attributes, codes, strict=True)},
        covariates={
            name: numbers(table[name])
            for name in table.column_names
            if name not in used and is_number(table[name])
        },
    )
    stated = (table.schema.metadata or {}).get(SPLIT_KEY)
    digest = stated.decode() if stated else hashlib.sha256(path.read_bytes()).hexdigest()
    return Predictions(outcomes, digest)


def read_table(path: Path) -> Any:
    """A pyarrow table from `.parquet`, or from csv whatever the ending."""
    try:
        return pq.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable parquet or csv file ({reason[:200]})") from None


def texts(table: Any, name: str) -> list[str]:
    """A column as texts, null as the empty text; an empty list where there is no such column."""
    if name not in table.column_names:
        return []
    return ["" if value is None else str(value) for value in table[name].to_pylist()]


def encode(name: str, values: list[str]) -> tuple[Attribute, IntArray]:
    """Attribute and codes of a column of group names; blank, -1 and `unknown` are unknown."""
    known = sorted({value for value in values if value.strip().lower() not in UNKNOWN_TEXTS})
    attribute = Attribute(name, tuple(known))
    if name in KNOWN and set(known) <= set(KNOWN[name].groups):
        attribute = KNOWN[name]
    code = {group: i for i, group in enumerate(attribute.groups)}
    return attribute, np.array([code.get(value, UNKNOWN) for value in values], dtype=np.int64)


def targets(path: Path, table: Any, columns: Columns) -> IntArray:
    """1 where the target is the positive value, 0 elsewhere; refuses blanks and a lone class."""
    values = [value.removesuffix(".0") for value in texts(table, columns.target)]
    if "" in values:
        raise DataError(f"{path}: '{columns.target}' is blank in row {values.index('') + 1}")
    target = np.array([value == columns.positive for value in values], dtype=np.int64)
    if target.min(initial=1) == target.max(initial=0):
        raise DataError(
            f"{path}: '{columns.target}' has one class only, counting '{columns.positive}' as "
            "positive; name the positive value with --positive"
        )
    return target


def scores(path: Path, table: Any, name: str) -> FloatArray:
    """The scores; higher means more likely positive, on any scale."""
    if not is_number(table[name]):
        raise DataError(f"{path}: '{name}' is {table[name].type}, expected numbers")
    values = numbers(table[name])
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
