"""The columns that are judged: labels, scores, and what masks scored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.special import expit

from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from fairness.tables.columns import is_number, is_number_text, is_text, numbers, texts
from fairness.unknown import is_unknown

ScoreType: TypeAlias = Literal["auto", "probability", "logit"]

TRUTH = {"true": "1", "false": "0"}
"""How csv files write what parquet files hold as booleans, in lower case."""


def targets(
    path: Path, table: Any, name: str, positive: str, changes: Mapping[str, Mapping[str, str]]
) -> IntArray:
    """1 where the target is the positive value, 0 elsewhere.

    Raises:
        DataError: a value is blank, or there are not two of them.
    """
    column = texts(table[name], changes.get(name))
    for word in column.words:
        if is_blank(word):
            what = "blank" if not word else f"blank ('{word}')"
            raise DataError(
                f"{path}: '{name}' is {what} in row {column.first_row(word)}; leave such rows out"
                + (f", or say what it means with --map {name}:{word}=NEW" if word else "")
            )
    return positives(path, name, column.words, positive)[column.places]


def is_blank(word: str) -> bool:
    """Whether a label is none."""
    return word.lower() == "nan" or (is_unknown(word) and not is_number_text(word))


def positives(path: Path, name: str, words: Sequence[str], positive: str) -> IntArray:
    """1 for the positive value, 0 for the other one; of words that are not blank.

    Raises:
        DataError: there are not two of them.
    """
    if {word.lower() for word in words} == set(TRUTH) and positive not in words:
        words = tuple(TRUTH[word.lower()] for word in words)
    classes = sorted(set(words))
    if len(classes) != 2 or positive not in classes:
        raise DataError(
            f"{path}: '{name}' must have two values, one of them '{positive}' "
            f"(name it with --positive), but has {', '.join(classes[:5])}"
            f"{', ...' if len(classes) > 5 else ''}"
        )
    return np.array([word == positive for word in words], dtype=np.int64)


def measured(path: Path, table: Any, name: str) -> FloatArray:
    """A column of numbers, NaN where blank.

    Raises:
        DataError: a value is no number; names the row.
    """
    if not is_number(table[name]) and not is_text(table[name]):
        raise DataError(f"{path}: '{name}' is {table[name].type}, expected numbers")
    try:
        return numbers(table[name])
    except ValueError as error:
        row, word = error.args
        raise DataError(
            f"{path}: '{name}' is '{word}' in row {row}, expected a number such as 0.25"
        ) from None


def scores(path: Path, table: Any, name: str, kind: ScoreType = "auto") -> FloatArray:
    """The scores; higher means more likely positive.

    `auto` leaves them on any scale, `probability` refuses those outside 0..1, and `logit` turns
    logarithms of odds into probabilities.

    Raises:
        DataError: one is blank, not finite, no number, or no probability; names the row.
    """
    values = measured(path, table, name)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values))) + 1
        raise DataError(f"{path}: '{name}' is blank or not finite in row {row}")
    outside = (values < 0) | (values > 1)
    if kind == "probability" and outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            f"{path}: '{name}' is {values[row]:g} in row {row + 1}, outside 0..1 and so no "
            "probability; for logarithms of odds use --score-type logit"
        )
    return np.asarray(expit(values)) if kind == "logit" else values
