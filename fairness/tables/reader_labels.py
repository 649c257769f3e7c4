"""Columns of labels that several readers gave, and the label that most of them gave."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN
from fairness.errors import DataError, UsageError
from fairness.tables.columns import Texts
from fairness.tables.judged import TRUTH, is_blank

FLAG = "--reader-labels"
MAJORITY, MEAN = "majority", "mean over readers"
"""What a report calls the label of most readers, and the mean; no reader may be called so."""


def check_names(names: Sequence[str], *, target: str | None = None) -> None:
    """Refuse readers that are no several ones, or a label beside theirs.

    Args:
        names: of the readers' columns.
        target: another column of labels, where one is named.

    Raises:
        UsageError: there is one reader, one comes twice, or one has the name of a number.
    """
    if len(names) == 1:
        raise UsageError(
            f"{FLAG} {names[0]} names one reader, and two or more are needed; the label of one "
            "reader is named with --target"
        )
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise UsageError(f"{FLAG}: '{twice[0]}' comes twice")
    if taken := [name for name in names if name in (MAJORITY, MEAN)]:
        raise UsageError(f"{FLAG}: a report calls numbers '{taken[0]}'; rename the column")
    if names and target is not None:
        raise UsageError(
            f"--target {target} and {FLAG} cannot be had together: the label is that of most "
            "readers; leave one out"
        )


def codes_of(
    columns: Mapping[str, Texts], positive: str, fault: Callable[[int, str], None]
) -> dict[str, IntArray]:
    """Labels (n,) of each reader: 1 for the positive value, 0 for the other, -1 where blank.

    Args:
        columns: of the readers, by name.
        positive: the positive value.
        fault: called with the number (from 0 on) of every row that no reader has labelled, and why.

    Raises:
        DataError: the readers together have not two values, or none is the positive one; names
            the first row of a value that is no label.
    """
    plain = {name: words_of(column, positive) for name, column in columns.items()}
    readers: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for name, column in columns.items():
        readers.update(set(plain[name]) if positive in plain[name] else ())
        for place, n in enumerate(np.bincount(column.places, minlength=len(column.words))):
            counts[plain[name][place]] += int(n)
    counts = Counter({word: n for word, n in counts.items() if not is_blank(word)})
    # The negative value is that which most readers have beside the positive one.
    others = sorted(counts.keys() - {positive}, key=lambda word: (-readers[word], -counts[word]))
    if positive not in counts or not others:
        raise DataError(
            f"{FLAG}: the readers' labels must have two values, one of them '{positive}' (name it "
            f"with --positive), but have {', '.join(sorted(counts)[:5]) or 'none'}"
        )
    code = {positive: 1, others[0]: 0}
    found = {}
    for name, column in columns.items():
        for place, word in enumerate(plain[name]):
            if word not in code and not is_blank(word):
                row = int(np.argmax(column.places == place)) + 1
                raise DataError(
                    f"{FLAG}: '{name}' is '{word}' in row {row}, expected '{positive}', "
                    f"'{others[0]}' or blank; correct it, or rename it with --map"
                )
        codes = np.array([code.get(word, UNKNOWN) for word in plain[name]], dtype=np.int64)
        found[name] = codes[column.places]
    unread = np.all([codes == UNKNOWN for codes in found.values()], axis=0)
    for row in np.flatnonzero(unread).tolist():
        fault(row, f"{', '.join(found)} are all blank")
    return found


def words_of(column: Texts, positive: str) -> list[str]:
    """The words of a column, with true and false as 1 and 0 where these are the labels."""
    if positive in column.words:
        return list(column.words)
    return [TRUTH.get(word.lower(), word) for word in column.words]


def majority(labels: Mapping[str, IntArray]) -> IntArray:
    """(n,) the label of most of the readers who gave one; -1 where as many said 1 as 0."""
    stacked = np.stack(list(labels.values()))
    lead = (stacked == 1).sum(axis=0) - (stacked == 0).sum(axis=0)
    return np.where(lead > 0, 1, np.where(lead < 0, 0, UNKNOWN)).astype(np.int64)
