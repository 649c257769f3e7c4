"""Columns of several labels, any of which may be uncertain or blank, and columns of classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN
from fairness.errors import UsageError
from fairness.tables.columns import Texts
from fairness.tables.judged import TRUTH, is_blank

Uncertain: TypeAlias = Literal["ignore", "positive", "negative"]
"""What a label of -1, uncertain, counts as: as unknown, or as one of the two."""

Fault: TypeAlias = Callable[[str, str], None]
"""Called with a text of a column that cannot be used, and why."""

UNCERTAIN = "-1"
NO_LABEL = frozenset(("no finding", "none", "normal"))
"""Where a text lists labels: words for none of them, in lower case."""
MEANT: Mapping[Uncertain, int] = {"ignore": UNKNOWN, "positive": 1, "negative": 0}


def uncertain_in(text: str) -> Uncertain:
    """The value of `--uncertain`.

    Raises:
        UsageError: it is none of those that there are.
    """
    for known in get_args(Uncertain):
        if text == known:
            return known  # type: ignore[no-any-return]  # of a Literal
    raise UsageError(f"--uncertain {text}: use ignore, positive or negative")


def label_codes(column: Texts, name: str, uncertain: Uncertain, fault: Fault) -> IntArray:
    """Codes (n,) of one label: 0 or 1, and -1 where it is unknown.

    Args:
        column: 1 or 0 (or true or false), -1 where uncertain, blank where unknown.
        name: of the column, for errors.
        uncertain: what -1 counts as.
        fault: called for every other text.
    """
    codes = np.full(len(column.words), UNKNOWN)
    for i, word in enumerate(column.words):
        plain = TRUTH.get(word.lower(), word)
        if plain == UNCERTAIN:
            codes[i] = MEANT[uncertain]
        elif plain in ("0", "1"):
            codes[i] = int(plain)
        elif not is_blank(word):
            fault(word, f"'{name}' is '{word}', expected 1, 0, -1 or blank; rename it with --map")
    return np.asarray(codes[column.places], dtype=np.int64)


def listed_codes(column: Texts, names: Sequence[str], separator: str, name: str) -> IntArray:
    """Codes (n, L) of labels that the texts of one column list; all unknown where one is blank.

    Args:
        column: texts such as `Mass|Nodule`, or `No Finding`.
        names: of the L labels; others may be listed, too.
        separator: between them.
        name: of the column, for errors.

    Raises:
        UsageError: a label is not listed once, so that it may be called otherwise there.
    """
    lists = [{part.strip() for part in word.split(separator)} for word in column.words]
    found = set().union(*lists)
    if lacking := [label for label in names if label not in found]:
        there = ", ".join(sorted(found - {""})[:20])
        raise UsageError(
            f"column '{name}' never lists '{lacking[0]}' (it lists: {there}); name labels as they "
            "are written there, or correct --target-separator"
        )
    codes = np.array([[int(label in one) for label in names] for one in lists], dtype=np.int64)
    for i, word in enumerate(column.words):
        if word.lower() not in NO_LABEL and is_blank(word):
            codes[i] = UNKNOWN
    return np.asarray(codes[column.places])


def unknown_labels(names: Sequence[str], labels: IntArray | None) -> list[str]:
    """A note on how many rows have each of several labels (n, L) unknown, where any has."""
    if labels is None or labels.ndim == 1:
        return []
    counts = dict(zip(names, (labels < 0).sum(axis=0).tolist(), strict=True))
    found = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    return [f"labels unknown, of {len(labels)} rows: {found}"] if found else []


def listed_names(column: Texts, separator: str) -> tuple[str, ...]:
    """Every label that a text of a column lists, sorted."""
    found = {part.strip() for word in column.words for part in word.split(separator)}
    return tuple(sorted(one for one in found if one and one.lower() not in NO_LABEL))


def class_codes(column: Texts, name: str, names: Sequence[str], fault: Fault) -> IntArray:
    """Numbers (n,) of classes, -1 where the text cannot be used.

    Args:
        column: names of classes; or, where it holds no name, numbers from 0 on.
        name: of the column, for errors.
        names: of the K classes in the order of their numbers.
        fault: called for every blank and every other text.
    """
    place = {word: number for number, word in enumerate(names)}
    if not place.keys() & set(column.words):
        place = {str(number): number for number in range(len(names))}
    codes = np.full(len(column.words), UNKNOWN)
    for i, word in enumerate(column.words):
        if word in place:
            codes[i] = place[word]
        elif is_blank(word):
            fault(word, f"'{name}' is blank{f' ({word!r})' if word else ''}")
        else:
            known = ", ".join(place)
            fault(word, f"'{name}' is '{word}', known are {known}; rename it with --map")
    return np.asarray(codes[column.places], dtype=np.int64)
