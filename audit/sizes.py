"""Memory that a server's words may cost: rows of a batch, bytes of an answer."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from audit.client.endpoint import ServedModel
from audit.client.wire import DTYPES
from fairness.errors import UsageError
from fairness.tasks.catalogue import TASKS

BATCH_PIXELS = 2**28
"""Of the images of a batch, 256 MB: a full one of 32 OCT volumes of 200 x 200 x 200 fits."""

FRAME_BYTES = 2**20
"""Of an answer beside its tensor, and of other calls on the same channel."""

Shapes = Sequence[tuple[int, ...]]


def within_memory(model: ServedModel, shapes: Shapes) -> ServedModel:
    """The model with fewer rows in a batch, where a full one would not fit into memory.

    Args:
        model: as the server describes it.
        shapes: of the images, () where it is not known.
    """
    largest = max(map(math.prod, known(model, shapes)), default=1)
    if model.foreign is not None:
        largest = max([largest, *map(model.foreign.input_bytes, known(model, shapes))])
    return replace(model, batch_size=min(model.batch_size, max(1, BATCH_PIXELS // largest)))


def of_size(model: ServedModel, rows: int | None) -> ServedModel:
    """The model with as many rows in a batch as the user wants.

    Raises:
        UsageError: it takes no more than fewer.
    """
    if rows is None:
        return model
    if rows > model.batch_size:
        raise UsageError(
            f"--batch {rows}: model '{model.name}' is sent {model.batch_size} images at a time at "
            "most, by its server's limit or for their size; give fewer"
        )
    return replace(model, batch_size=rows)


def most_answer_bytes(model: ServedModel, shapes: Shapes) -> int:
    """What one answer may have: a full batch of the largest image, and room for its frame."""
    task = TASKS[model.spec.task]
    if model.foreign is not None:
        most = max(map(model.foreign.answer_bytes, known(model, shapes)), default=1)
        return min(most * model.batch_size + FRAME_BYTES, 2**31 - 1)
    largest = max(
        (math.prod(task.answer_shape(model.spec, s)) for s in known(model, shapes)), default=1
    )
    return min(DTYPES[task.datatype].itemsize * largest * model.batch_size + FRAME_BYTES, 2**31 - 1)


def known(model: ServedModel, shapes: Shapes) -> Iterable[tuple[int, ...]]:
    """The shapes of all images that will be sent."""
    probes = model.spec.probes
    return {*filter(None, shapes), *(probes.shapes if probes else ())}
