"""The judged columns of a file: of one label, of several, of classes, or of none for masks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from audit.records.columns import Columns
from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError, UsageError
from fairness.foreign.answers import softmax
from fairness.tables.columns import Texts, texts
from fairness.tables.judged import ScoreType, scores, targets
from fairness.tables.labels import class_codes, label_codes, listed_codes
from fairness.tables.reader_labels import FLAG, check_names, codes_of, majority
from fairness.tables.words import names_in
from fairness.tasks.binary import SCORE, BinaryTask
from fairness.tasks.masks import MaskTask
from fairness.tasks.multiclass import MulticlassTask
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.one_label import SCORED, TARGET, TOLERANCE, score_names
from fairness.tasks.task import Task

ORDERED_KEY = b"ordered"
"""Schema metadata of our parquet files: there where classes are steps."""

READERS_KEY = b"reader_labels"
"""Schema metadata of our parquet files: a list of the columns of several readers, as JSON."""

Changes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Judged:
    """Columns of labels and scores, and the kind of model that they are of."""

    task: type[Task]
    targets: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Of several labels, or of classes."""
    ordered: bool = False
    of_readers: bool = False
    """Whether `targets` are labels of the same by several readers."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of the columns."""
        return (*self.targets, *self.scores)

    def labels(self, path: Path, table: Any, said: Columns, changes: Changes) -> IntArray | None:
        """Labels (n,), or (n, L), -1 where unknown; None of masks.

        Raises:
            DataError: a value is not what it must be; names the row.
            UsageError: a flag does not fit the column.
        """
        if self.task is not MultilabelTask and said.uncertain != "ignore":
            raise UsageError("--uncertain is of several labels; leave it out")
        if self.task is MaskTask:
            return None
        if self.of_readers:
            return majority(self.reader_labels(path, table, said, changes))
        if self.task is BinaryTask:
            return targets(path, table, self.targets[0], said.positive, changes)
        if said.positive != "1":
            raise UsageError("--positive is of one label; of several rename words with --map")
        found = [texts(table[name], changes.get(name)) for name in self.targets]
        if self.task is MulticlassTask:
            return class_codes(found[0], self.targets[0], self.names, refusal(path, found[0]))
        if said.target_separator is not None:
            return listed_codes(found[0], self.names, said.target_separator, self.targets[0])
        codes = [
            label_codes(column, name, said.uncertain, refusal(path, column))
            for name, column in zip(self.targets, found, strict=True)
        ]
        return np.stack(codes, axis=1)

    def reader_labels(
        self, path: Path, table: Any, said: Columns, changes: Changes
    ) -> dict[str, IntArray]:
        """Labels (n,) of each reader, -1 where blank; none where there are no several readers.

        Raises:
            DataError: a value is no label, or no reader has labelled a row.
        """
        if not self.of_readers:
            return {}
        found = {name: texts(table[name], changes.get(name)) for name in self.targets}

        def unread(row: int, reason: str) -> None:
            raise DataError(f"{FLAG}: {reason} in row {row + 1}; leave such rows out")

        try:
            return codes_of(found, said.positive, unread)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    def values(self, path: Path, table: Any, kind: ScoreType) -> dict[str, FloatArray]:
        """The scores (n,) by the names that the task gives them.

        Raises:
            DataError: one is no number, or no probability where it must be; names the row.
        """
        if self.task is not MulticlassTask:
            names = (SCORE,) if self.task is BinaryTask else score_names(self.names)
            return {
                name: scores(path, table, column, kind)
                for name, column in zip(names, self.scores, strict=True)
            }
        plain: ScoreType = "auto" if kind == "logit" else "probability"
        columns = np.stack([scores(path, table, name, plain) for name in self.scores], axis=1)
        columns = softmax(columns) if kind == "logit" else columns
        away = np.abs(columns.sum(axis=1) - 1)
        if (away > TOLERANCE).any():
            row = int(away.argmax())
            raise DataError(
                f"{path}: the scores of the classes sum to {columns[row].sum():.4g} in row "
                f"{row + 1}, not to 1; for numbers that a softmax makes probabilities of use "
                "--score-type logit"
            )
        return dict(zip(score_names(self.names), columns.T, strict=True))


def refusal(path: Path, column: Texts) -> Callable[[str, str], None]:
    """What refuses a file for a text of a column."""

    def refuse(word: str, reason: str) -> None:
        raise DataError(f"{path}: {reason} (row {column.first_row(word)})")

    return refuse


def judged_columns(
    path: Path, table: Any, said: Columns, stated: Mapping[bytes, bytes], *, of_masks: bool
) -> Judged:
    """Which columns are judged: those named, or those of our own files.

    Raises:
        UsageError: labels and scores are not as many.
    """
    readers = said.reader_labels or readers_stated(path, said, stated)
    if of_masks and readers:
        raise UsageError(f"{path}: it holds scores of masks, which have no {FLAG}; leave it out")
    if of_masks:
        return Judged(MaskTask)
    labels, columns = columns_in(said.target, table), columns_in(said.score, table)
    if readers:
        check_names(readers, target=said.target if said.target != "target" else None)
        if len(columns) != 1 or said.target_separator is not None or said.ordered:
            raise UsageError(f"{path}: {FLAG} is of one label, with one --score; leave it out")
        return Judged(BinaryTask, readers, columns, of_readers=True)
    for names in (labels, columns):
        if len(set(names)) < len(names):
            raise UsageError(f"{path}: {', '.join(names)} names a column twice; name each once")
    if (said.score, *labels) == ("score", "target") and "score" not in table.column_names:
        columns = tuple(n for n in table.column_names if n.startswith(SCORED)) or columns
        own = tuple(f"{TARGET}{column.removeprefix(SCORED)}" for column in columns)
        if set(own) <= set(table.column_names):
            return Judged(MultilabelTask, own, columns, plain_names(columns))
    ordered = said.ordered or ORDERED_KEY in stated
    if len(labels) == 1 and len(columns) > 2 and said.target_separator is None:
        return Judged(MulticlassTask, labels, columns, plain_names(columns), ordered)
    if said.ordered:
        raise UsageError("--ordered is of classes; name a score for each of three or more")
    if said.target_separator is not None:
        return Judged(MultilabelTask, labels[:1], columns, plain_names(columns))
    if len(labels) != len(columns) or not labels:
        raise UsageError(
            f"{path}: {len(labels)} columns of labels (--target) for {len(columns)} of scores "
            "(--score); name a score for each label in the same order, or one for each class"
        )
    if len(labels) == 1:
        return Judged(BinaryTask, labels, columns)
    return Judged(MultilabelTask, labels, columns, plain_names(labels))


def readers_stated(path: Path, said: Columns, stated: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """The columns of readers that our own parquet file states; none where a target is named.

    Raises:
        DataError: what it states is unusable.
    """
    if READERS_KEY not in stated or said.target != "target":
        return ()
    try:
        return TypeAdapter(tuple[str, ...]).validate_json(stated[READERS_KEY])
    except ValidationError:
        raise DataError(
            f"{path}: its metadata 'reader_labels' are unusable; write the file anew"
        ) from None


def columns_in(text: str, table: Any) -> tuple[str, ...]:
    """The columns that a text names: one that bears it as its name, else several with commas."""
    return (text,) if text in table.column_names else names_in(text)


def plain_names(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Names of labels or classes: those of their columns, without what our files put before."""
    return tuple(name.removeprefix(TARGET).removeprefix(SCORED) for name in columns)
