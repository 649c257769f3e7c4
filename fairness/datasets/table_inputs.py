"""Numbers of a table that a model takes beside the image, each checked before any is sent."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.datasets.entry import Entry
from fairness.datasets.npy import stored_array
from fairness.datasets.table_files import found_file
from fairness.datasets.table_rows import Opened, add_faults
from fairness.errors import DataError, UsageError
from fairness.tables.columns import number, texts
from fairness.text import one_line
from fairness.unknown import is_unknown


@dataclass(frozen=True)
class ColumnInput:
    """How the texts of a column become one tensor."""

    column: str
    where: str
    """The line that says so, for errors."""
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    """Of one sample."""
    codes: Mapping[str, float] | None = None
    """Word to number; None: the column holds numbers, or names npy files that do."""
    subtract: float = 0.0
    divide_by: float = 1.0
    unknown: float | None = None
    """Sent for what is not recorded; None: refused."""
    pad: float | None = None
    """Fills what a text leaves; None: refused."""


def inputs_of(
    opened: Opened,
    wanted: Mapping[str, ColumnInput],
    changes: Mapping[str, Mapping[str, str]],
    rows: Iterable[int],
    faults: dict[int, str],
) -> dict[int, dict[str, Array]]:
    """Row to its tensors by name; a row with a value that cannot be sent gets a fault.

    Args:
        opened: the table.
        wanted: tensor to what it is made of.
        changes: texts that stand for others, by column.
        rows: of the split.
        faults: gets the first reason why a row cannot be used, by row.

    Raises:
        UsageError: a column is not there; names the line that wants it.
    """
    chosen = list(rows)
    found: dict[int, dict[str, Array]] = {row: {} for row in chosen}
    base = opened.said.images or opened.path.parent
    for name, said in wanted.items():
        if said.column not in opened.table.column_names:
            has = ", ".join(map(one_line, opened.table.column_names))
            raise UsageError(
                f"{said.where}: {opened.path} has no column '{said.column}' (it has: {has})"
            )
        column = texts(opened.table[said.column], changes.get(said.column))
        arrays: dict[int, Array] = {}
        for place in np.unique(column.places[chosen]).tolist():
            word = column.words[place]
            try:
                arrays[place] = tensor_of(said, word, base)
            except (ValueError, DataError) as error:
                reason = f"'{said.column}' {error}; correct it, or go on without it by --on-error"
                add_faults(opened, column, word, f"{reason} skip ({said.where})", faults)
        for row in chosen:
            if (place := int(column.places[row])) in arrays:
                found[row][name] = arrays[place]
    return found


def tensor_of(said: ColumnInput, word: str, base: Path) -> Array:
    """One text as the tensor of one sample.

    Args:
        said: what the text means.
        word: the text.
        base: folder of the npy files.

    Raises:
        ValueError: it is not what is said, or does not fit the tensor; says how.
        DataError: an npy file is not there, or unusable.
    """
    size = math.prod(said.shape)
    if said.codes is not None and word in said.codes:
        values = np.full(size, said.codes[word])
    elif is_nothing(word, said):
        if said.unknown is None:
            raise ValueError(f"is '{word}', which says nothing, and there is no 'unknown' for it")
        values = np.full(size, said.unknown)
    elif said.codes is not None:
        raise ValueError(f"is '{word[:80]}', and 'codes' has {', '.join([*said.codes][:20])}")
    else:
        values = (numbers_in(word, said, base) - said.subtract) / said.divide_by
    if len(values) < size and said.pad is not None:
        values = np.concatenate([values, np.full(size - len(values), said.pad)])
    if len(values) != size:
        raise ValueError(f"holds {len(values)} numbers, where the model takes {size}")
    return cast(values, said.dtype).reshape(said.shape)


def is_nothing(word: str, said: ColumnInput) -> bool:
    """Whether a text says nothing; -1 and -9 are numbers where the column has numbers."""
    if said.codes is None:
        try:
            return math.isnan(number(word))
        except ValueError:
            pass
    return is_unknown(word)


def numbers_in(word: str, said: ColumnInput, base: Path) -> FloatArray:
    """(n,) the numbers of a text, or of the npy file that it names."""
    if word.lower().endswith(".npy"):
        array = stored_array(found_file(base, word, said.column), None)
        if array.dtype.kind not in "biuf":
            raise ValueError(f"names {word}, which holds {array.dtype}, expected numbers")
        return np.asarray(array.reshape(-1), dtype=np.float64)
    try:
        return np.array([number(part) for part in word.replace(",", " ").split()])
    except ValueError:
        raise ValueError(f"is '{word[:80]}', expected a number") from None


def cast(values: FloatArray, dtype: np.dtype[Any]) -> Array:
    """Numbers in a type of tensors, none of them changed but by rounding of fractions.

    Raises:
        ValueError: one is infinite, no number, or outside what the type holds.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found: Array = values.astype(dtype)
    exact = np.isfinite(found) if dtype.kind == "f" else found == values
    if not exact.all():
        raise ValueError(f"holds {values[~exact][0]:g}, which {dtype} does not hold")
    return found


def carrying(entry: Entry, beside: Mapping[str, Array]) -> Entry:
    """The entry with what a model is sent beside its image, by which it is recognised, too."""
    if not beside:
        return entry
    said = [entry.digest, *(name.encode() + array.tobytes() for name, array in beside.items())]
    return replace(entry, inputs=beside, digest=hashlib.sha256(b"".join(said)).digest())
