"""Attributes that a user names beside those of a reader: any npz key, or any column of a csv."""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry
from fairness.datasets.npz import LISTED, Npz
from fairness.errors import DataError, UsageError
from fairness.mask_names import NAMES as MASK_SCORES
from fairness.tables.columns import Texts, check_groups, groups
from fairness.tables.names import RESERVED, check_attribute_names
from fairness.text import one_line
from fairness.unknown import whole

LONGEST = 200
"""Characters of the name of a group; a longer text is a note."""

Row = Mapping[str, str]
"""Column, in lower case, to text: of the csv file that is beside the npz file, or instead of it."""


def unlisted(asked: Iterable[str], listed: Iterable[Attribute]) -> tuple[str, ...]:
    """The names that were asked for, each once, without those that the reader has anyway."""
    known = {attribute.name for attribute in listed}
    return tuple(name for name in dict.fromkeys(asked) if name not in known)


def with_own_words(entry: Entry, names: Sequence[str]) -> Entry:
    """The entry with the word of each name that its npz file has; no other key is read.

    Raises:
        DataError: a value is no number or text.
    """
    if not names or entry.path.suffix.lower() != ".npz":
        return entry
    with Npz(entry.path) as npz:
        words = {name: whole(one_line(npz.scalar(name))) for name in names if name in npz}
    return replace(entry, words=words)


def with_words(entry: Entry, names: Sequence[str], row: Row | None) -> Entry:
    """The entry with its own words, and of each name that it lacks that of its row of a csv.

    What a csv says counts for the digest: its npz file does not hold it.

    Raises:
        DataError: a value is too long a text.
    """
    if not names:
        return entry
    words = dict(entry.words)
    from_row: list[tuple[str, str]] = []
    for name in names:
        if name not in words and row is not None and name.lower() in row:
            words[name] = whole(one_line(row[name.lower()]))
            from_row.append((name, words[name]))
    for name, word in words.items():
        if len(word) > LONGEST:
            raise DataError(
                f"{entry.path}: '{name}' is a text of {len(word)} characters, too long for the "
                "name of a group; name another key with --attributes"
            )
    said = hashlib.sha256(entry.digest + repr(from_row).encode()).digest()
    return replace(entry, words=words, digest=said if from_row else entry.digest)


def as_groups(
    root: Path,
    name: str,
    entries: Entries,
    columns: Collection[str],
    target: str,
    listed: Sequence[Attribute],
) -> tuple[Attribute, IntArray]:
    """Attribute and codes (n,) of a name: words and numbers are groups, as in a table.

    Args:
        root: of the data, for errors.
        name: key or column.
        entries: with their words; one without the name is unknown.
        columns: of the csv beside the files, for errors.
        target: what is predicted, which is no attribute.
        listed: attributes that there are by now.

    Raises:
        UsageError: no file has the name, a report needs it, or there are too many groups.
        DataError: a group has a name that a report needs.
    """
    words = [entry.words.get(name) for entry in entries]
    if all(word is None for word in words):
        known = [attribute.name for attribute in listed]
        more = [key for key in _offered(entries[0], columns) if key not in known]
        raise UsageError(
            f"--attributes: {root} has no attribute '{name}' (it has: {', '.join(known)}; beside "
            f"them its first sample has: {', '.join(more) or 'nothing'})"
        )
    check_attribute_names(root, [name], {*MASK_SCORES, target})
    found = tuple(dict.fromkeys(word or "" for word in words))
    place = {word: i for i, word in enumerate(found)}
    column = Texts(found, np.array([place[word or ""] for word in words], dtype=np.int64))
    attribute, codes = groups(root, name, column, None, frozenset())
    check_groups(root, attribute, numbers_too=True)
    return attribute, codes


def _offered(entry: Entry, columns: Collection[str]) -> list[str]:
    """Names of the numbers and texts of a sample's npz file, and of the columns beside it."""
    names: list[str] = []
    if entry.path.suffix.lower() == ".npz":
        with Npz(entry.path) as npz:
            names = [key for key in npz.keys() if _is_single(npz, key)]  # noqa: SIM118 - no dict
    names += [name for name in columns if name and name not in (*names, *RESERVED, "filename")]
    return names[:LISTED]


def _is_single(npz: Npz, key: str) -> bool:
    try:
        return math.prod(npz.header(key)[0]) == 1
    except DataError:
        return False
