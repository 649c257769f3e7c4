"""Columns of a table as texts, as numbers, or as groups with the unknown among them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, UNKNOWN, Attribute
from fairness.errors import DataError, UsageError
from fairness.text import one_line
from fairness.unknown import is_unknown, whole

MOST_NUMBERS = 20
"""Largest number of groups with numbers for names: more of them are a measurement."""
MOST_GROUPS = 500

# Patterns by which pyarrow finds the few texts of a long column that Python must look at:
PRINTED = r"^[!-~]+( [!-~]+)*$"
"""Text that is one printable line already."""
WHOLE = r"^([+-]?\d+\.0*|-0)$"
"""Number that `fairness.unknown.whole` writes in another way."""
DECIMAL = r"^-?\d{1,17}(\.\d{1,30})?([eE][+-]?\d{1,2})?$"
"""Number that pyarrow reads as Python does."""


@dataclass(frozen=True)
class Texts:
    """A column of texts, each kept once: row i holds `words[places[i]]`."""

    words: tuple[str, ...]
    """Different from each other, one printable line each, in the order of their first rows."""
    places: IntArray
    """(n,)."""

    def rows(self) -> list[str]:
        """The text of every row."""
        return [self.words[place] for place in self.places.tolist()]

    def counts(self) -> dict[str, int]:
        """How many rows hold each word."""
        found = np.bincount(self.places, minlength=len(self.words))
        return dict(zip(self.words, found.tolist(), strict=True))

    def first_row(self, word: str) -> int:
        """The first row that holds a word, from 1 on."""
        return int(np.argmax(self.places == self.words.index(word))) + 1


def texts(column: Any, change: Mapping[str, str] | None = None, *, as_is: bool = False) -> Texts:
    """A pyarrow column as texts; null is the empty text, and whole floats are integers.

    Args:
        column: of texts, numbers, booleans, decimals or dates.
        change: texts to put in place of others.
        as_is: leave `1.0` where it is a text, as in ids.
    """
    found = pc.dictionary_encode(column, null_encoding="encode")
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    if is_text(found.dictionary):
        words = lines(found.dictionary, as_is=as_is)
    else:
        words = [one_line(value) for value in found.dictionary.to_pylist()]
        words = words if as_is else [whole(word) for word in words]
    if change:
        words = [change.get(word, word) for word in words]
    place = {word: i for i, word in enumerate(dict.fromkeys(words))}
    merged = np.array([place[word] for word in words], dtype=np.int64)
    return Texts(tuple(place), merged[found.indices.to_numpy()])


def lines(words: Any, *, as_is: bool) -> list[str]:
    """A pyarrow array of texts, each as one printable line; Python looks at the unusual alone."""
    found: list[str] = words.to_numpy(zero_copy_only=False).tolist()
    usual = pc.match_substring_regex(words, PRINTED)
    if not as_is:
        usual = pc.and_not(usual, pc.match_substring_regex(words, WHOLE))
    for i in np.flatnonzero(~pc.fill_null(usual, fill_value=False).to_numpy(False)):
        found[i] = one_line(found[i]) if as_is else whole(one_line(found[i]))
    return found


def groups(
    path: Path, name: str, column: Texts, known: Attribute | None, more: frozenset[str]
) -> tuple[Attribute, IntArray]:
    """Attribute and codes (n,) of a column of group names.

    Args:
        path: named in errors.
        name: of the attribute.
        column: its texts.
        known: an attribute that is kept where the column holds no other groups.
        more: further words for the unknown (`fairness/unknown.py`).

    Raises:
        DataError: a group has a name that a report needs for itself.
    """
    found = sorted(word for word in column.words if not is_unknown(word, more))
    if ALL in found:
        raise DataError(
            f"{path}: '{name}' has a group '{ALL}' in row {column.first_row(ALL)}; rename it"
        )
    attribute = Attribute(name, tuple(found))
    if known is not None and set(found) <= set(known.groups):
        attribute = known
    code = {group: i for i, group in enumerate(attribute.groups)}
    codes = np.array([code.get(word, UNKNOWN) for word in column.words], dtype=np.int64)
    return attribute, codes[column.places]


def check_groups(path: Path, attribute: Attribute, *, numbers_too: bool) -> None:
    """Refuse groups that are none, but measurements (`numbers_too`) or ids.

    Raises:
        UsageError: there are more than people compare.
    """
    name, found = attribute.name, attribute.groups
    if numbers_too and len(found) > MOST_NUMBERS and all(map(is_number_text, found)):
        raise UsageError(
            f"{path}: '{name}' has {len(found)} different numbers, too many for groups; use "
            "--age-bins or --control, or bins of your own in another column"
        )
    if len(found) > MOST_GROUPS:
        raise UsageError(
            f"{path}: '{name}' has {len(found)} different texts, at most {MOST_GROUPS} can be "
            "groups; name another column, or merge them with --map"
        )


def numbers(column: Any) -> FloatArray:
    """(n,) a pyarrow column as float64; null, blanks and words for the unknown are NaN.

    Raises:
        ValueError: a text is no number; its arguments are the row, from 1 on, and the text.
    """
    if is_text(column):
        if not column.null_count and pc.all(pc.match_substring_regex(column, DECIMAL)).as_py():
            return np.asarray(pc.cast(column, pa.float64()).to_numpy())
        return numbers_in(texts(column, as_is=True))
    if pa.types.is_decimal(column.type):  # pyarrow's own cast makes 0.7 0.7000000000000001
        return numbers_in(texts(column, as_is=True))
    values: FloatArray = pc.cast(column, pa.float64(), safe=False).to_numpy()
    return values


def numbers_in(column: Texts) -> FloatArray:
    """As `numbers`, of texts."""
    try:
        values = np.array([number(word) if word else math.nan for word in column.words])
    except ValueError:
        values = np.full(len(column.words), math.nan)
        for i, word in enumerate(column.words):
            if is_number_text(word):
                values[i] = number(word)
            elif not is_unknown(word):
                raise ValueError(column.first_row(word), word) from None
    return np.asarray(values[column.places])


def is_number_text(word: str) -> bool:
    """Whether a text is a number."""
    try:
        number(word)
    except ValueError:
        return False
    return True


def number(word: str) -> float:
    """The number that a text is, without the underscores that Python allows.

    Raises:
        ValueError: it is none.
    """
    if "_" in word:
        raise ValueError(word)
    return float(word)


def is_number(column: Any) -> bool:
    """Whether a pyarrow column has a type of numbers, booleans among them."""
    kind = column.type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def is_text(column: Any) -> bool:
    """Whether a pyarrow column has a type of texts."""
    kind = column.type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
