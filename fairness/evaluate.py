"""The one evaluation path: batches x predictor > numbers read > joined to the split's columns.

Training hands in a torch predictor, the audit one that asks a server, tests one on ONNX Runtime;
everything after the predictor is the same code (decision 2 of docs/decisions.md).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.datasets.reader import Split
from fairness.datasets.stream import batches
from fairness.errors import DataError
from fairness.outcomes import Answered, Cases, Outcomes
from fairness.samples import Batch, cut
from fairness.tasks.binary import outcomes_of, probabilities

BATCH = 32
"""Samples of a batch where nothing else is said."""

Answers: TypeAlias = Mapping[str, Array]
"""What a model answered to a batch, (B, ...), by the way of asking (`fairness/group_input.py`)."""

Predict: TypeAlias = Callable[[Iterable[Batch]], Iterator[tuple[Batch, Answers]]]
"""Turns a stream of batches into a stream of (batch, answers); in any order, ids restore it."""

Read: TypeAlias = Callable[[Batch, Answers], Mapping[str, FloatArray]]
"""Reads numbers (B,) by name from the answers to a batch, NaN where undefined."""


@dataclass(frozen=True)
class Readings:
    """Numbers read from a model's answers: what a journal keeps, never an image or a mask."""

    ids: Sequence[str]
    values: Mapping[str, FloatArray]
    """Name to numbers, one a sample."""

    def __len__(self) -> int:
        return len(self.ids)


def readings(stream: Iterable[Batch], predict: Predict, read: Read) -> Iterator[Readings]:
    """Answer batches and read each answer as it comes.

    Raises:
        DataError: an answer is not what the task allows; names the first sample concerned.
    """
    for batch, answers in predict(stream):
        yield Readings(batch.ids, read(batch, answers))


def joined(parts: Iterable[Readings], split: Split, attributes: tuple[Attribute, ...]) -> Answered:
    """Readings beside the columns of their split, in the order of the ids.

    Args:
        parts: readings of samples of the split, each once.
        split: gives patients, groups, covariates and labels.
        attributes: whose groups are kept.

    Raises:
        DataError: there is no reading at all, or one of a sample that the split lacks.
    """
    found = list(parts)
    ids = [id_ for part in found for id_ in part.ids]
    if not ids:
        raise DataError("no sample was scored: every one was skipped, or the split is empty")
    place = {id_: i for i, id_ in enumerate(split.ids)}
    if strange := next((id_ for id_ in ids if id_ not in place), None):
        raise DataError(f"{split.root}: no sample '{strange}' in the {split.split} split")
    order = sorted(range(len(ids)), key=ids.__getitem__)
    rows = np.array([place[ids[i]] for i in order], dtype=np.int64)
    return Answered(
        cases=cases_of(split, attributes, rows),
        labels=None if split.labels is None else split.labels[rows],
        values={
            name: np.concatenate([part.values[name] for part in found])[order]
            for name in found[0].values
        },
        reader_labels={name: codes[rows] for name, codes in split.reader_labels.items()},
    )


def unanswered(split: Split, attributes: tuple[Attribute, ...], names: Iterable[str]) -> Answered:
    """All samples of a split, with 0 for every number of these names: to check before asking."""
    return Answered(
        cases=cases_of(split, attributes),
        labels=split.labels,
        values={name: np.zeros(len(split)) for name in names},
        reader_labels=split.reader_labels,
    )


def cases_of(
    split: Split, attributes: tuple[Attribute, ...], rows: IntArray | None = None
) -> Cases:
    """Columns of some samples of a split, or of all; `rows` is an index (n,)."""
    rows = np.arange(len(split)) if rows is None else rows
    return Cases(
        ids=tuple(split.ids[i] for i in rows),
        patients=tuple(split.patients[i] for i in rows),
        attributes=attributes,
        codes={a.name: split.codes[a.name][rows] for a in attributes},
        covariates={name: values[rows] for name, values in split.covariates.items()},
    )


def ask(
    split: Split,
    predict: Predict,
    read: Read,
    attributes: tuple[Attribute, ...] = (),
    *,
    rows: IntArray | None = None,
    batch_size: int = BATCH,
    stream: Iterable[Batch] | None = None,
) -> Answered:
    """Ask a predictor about a split, or some rows (n,) of it, and join what was read.

    `stream` gives the batches of these rows where somebody else has read them.

    Raises:
        DataError: an answer is not what `read` allows, or there is no sample.
    """
    if stream is None:
        chosen = np.arange(len(split)) if rows is None else rows
        cuts = cut([split.shapes[i] for i in chosen], batch_size)
        stream = batches(split, (chosen[part] for part in cuts))
    return joined(readings(stream, predict, read), split, attributes)


def evaluate(
    split: Split,
    predict: Predict,
    attributes: tuple[Attribute, ...] = (),
    batch_size: int = BATCH,
    stream: Iterable[Batch] | None = None,
) -> Outcomes:
    """Score every sample of a split with a binary classifier.

    `stream` gives its batches where somebody else has read them.

    Raises:
        DataError: an answer has the wrong shape, is not finite, or lies outside [0, 1]; or the
            split has no labels.
    """
    answered = ask(split, predict, probabilities, attributes, batch_size=batch_size, stream=stream)
    return outcomes_of(answered)
