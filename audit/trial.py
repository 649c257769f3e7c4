"""Sends a few samples of a table to a described model, to see what it answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit.client.endpoint import ServedModel
from audit.client.exchange import tensors_of, type_of
from audit.client.transport import Request, Transport
from audit.client.wire import array_of
from fairness.arrays import Array, FloatArray, IntArray
from fairness.datasets.stream import samples
from fairness.datasets.table import TableSplit
from fairness.errors import DataError, UsageError
from fairness.samples import stack

SEED = 0
"""Of the choice of samples: the same ones every time."""

TIMEOUT = 60.0
"""Seconds that one sample may take."""


@dataclass(frozen=True)
class Trial:
    """Samples that were sent, and what came back, as it came."""

    table: Path
    target: str
    """Column of the label, or of the mask's file."""
    positive: str
    """Value of the label that counts as positive."""
    labels: IntArray | None
    """(n,) 0 or 1, or classes; (n, L) of several labels; None where the model draws masks."""
    shapes: tuple[tuple[int, ...], ...]
    """Of the pictures, as stored."""
    is_grey: bool
    """Whether no picture has a colour."""
    answers: tuple[Array, ...]
    """The output of each sample."""

    @property
    def columns(self) -> FloatArray:
        """(n, K): the numbers of each answer in a row.

        Raises:
            UsageError: there are more for one sample than for another.
        """
        if len({answer.size for answer in self.answers}) > 1:
            raise UsageError(
                "the answers to single samples differ in length, so they are no scores; describe "
                "the output by hand, as docs/your-own-model.md shows"
            )
        rows = [answer.ravel() for answer in self.answers]
        return np.array(rows, np.float64)


def chosen_rows(labels: IntArray | None, n: int, most: int) -> IntArray:
    """Which of n samples are sent: by chance, as many of each label or class where possible.

    Args:
        labels: (n,) 0 or 1, or classes; (n, L) of several labels, -1 where unknown; None of masks.
        n: samples of the split.
        most: that are sent.
    """
    rng = np.random.default_rng(SEED)
    order = rng.permutation(n)
    if labels is not None and labels.ndim == 2:
        return np.sort(order[varied(labels[order], min(n, most))])
    if labels is not None:
        turn = np.empty(n, np.int64)
        for label in np.unique(labels):
            of_label = order[labels[order] == label]
            turn[of_label] = np.arange(len(of_label))
        order = order[np.argsort(turn[order], kind="stable")]
    return np.sort(order[:most])


def varied(labels: IntArray, most: int) -> list[int]:
    """Rows of (n, L) labels, chosen one after the other for what is rarest among those before.

    So each label has some positives and negatives where there are any.
    """
    patterns, places = np.unique(labels, axis=0, return_inverse=True)
    waiting = [list(reversed(np.flatnonzero(places == k))) for k in range(len(patterns))]
    values = np.stack([patterns == 0, patterns == 1])  # (2, patterns, L)
    had = np.zeros((2, 1, labels.shape[1]))
    chosen: list[int] = []
    while len(chosen) < most:
        gain = (values / (1 + had) ** 2).sum(axis=(0, 2))
        gain[[not rows for rows in waiting]] = -1
        best = int(gain.argmax())
        chosen.append(int(waiting[best].pop()))
        had += values[:, [best]]
    return chosen


def tried(
    model: ServedModel, transport: Transport, split: TableSplit, positive: str, most: int
) -> Trial:
    """Send samples one by one.

    Raises:
        ServerError: a request failed, or was answered without the output.
        DataError: a picture cannot be read or sent, and is not to be skipped, or none can be read.
    """
    assert model.foreign is not None
    spec, labels, shapes, is_grey = model.spec, [], [], True
    answers = []
    for sample in samples(split, chosen_rows(split.labels, len(split), most)):
        image = sample.image
        labels.append(sample.target)
        shapes.append(image.shape)
        is_grey &= image.ndim == 2 or bool((image == image[..., :1]).all())
        one = stack([sample])
        inputs = tensors_of(model, one.images, None, one.inputs)
        request = Request(model.name, model.version, inputs, spec.output, TIMEOUT)
        outputs = transport.send(request).result()
        answers.append(array_of(outputs, spec.output, type_of(outputs, model.foreign), model.name))
    if not answers:
        raise DataError(f"{split.root}: {split.skipped[0][1]}; none of the samples can be read")
    return Trial(
        split.root,
        split.target,
        positive,
        None if split.labels is None else np.array(labels, np.int64),
        tuple(shapes),
        is_grey,
        tuple(answers),
    )
