"""Checks by probes that the served model answers as the exported one did, alone and in batches."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from audit.client.endpoint import ServedModel
from audit.client.exchange import answer_of, tensors_of
from audit.client.failures import WrongModelError
from audit.client.transport import Request, Transport
from fairness.arrays import Image
from fairness.attributes import UNKNOWN
from fairness.clip_tokens import clip_tokens
from fairness.errors import ServerError
from fairness.probes import Probes
from fairness.tasks.catalogue import TASKS

TIMEOUT, BATCH_TIMEOUT = 60.0, 300.0
"""Seconds that one probe may take, and a batch of probes."""

AT_ONCE = 4
"""Probes that are sent at the same time."""

BATCH_PIXELS = 2**26
"""Of a batch of probes: larger ones are cut."""


def verify(transport: Transport, endpoint: str, model: ServedModel) -> str:
    """`verified` where the probes answer as at export, `declared` where the model carries none.

    They are asked one after another, in full batches, and several at the same time, which a server
    may merge.

    Raises:
        WrongModelError: a probe differs.
    """
    probes = model.spec.probes
    if probes is None:
        return "declared"
    who = f"model '{model.name}' version {model.stated_version} at {endpoint}"
    worst = max(
        difference(transport, model, image[np.newaxis], [[row]])
        for row, image in enumerate(probes.one_by_one())
    )
    allowed = f"(tolerance {probes.tolerance:.2g})"
    if not worst <= probes.tolerance:
        raise WrongModelError(
            f"{who} is not the exported one: its probes differ by {worst:.2g} {allowed}; "
            "export it again with python -m export, or audit it as it is with --no-probes"
        )
    for images, rows in batches(probes, model.batch_size):
        for parts in ([rows], [[row] for row in rows[:AT_ONCE]]):
            worst = difference(transport, model, images, parts)
            if not worst <= probes.tolerance:
                how = f"{len(rows)} in a batch" if len(parts) == 1 else f"{len(parts)} at a time"
                raise WrongModelError(
                    f"{who} answers each probe as exported, but not {how}: they differ by "
                    f"{worst:.2g} {allowed}, so the server mixes up rows; correct its backend, "
                    "serve it with max_batch_size: 1, or audit it as it is with --no-probes"
                )
    return "verified"


def difference(
    transport: Transport, model: ServedModel, images: Image, parts: Sequence[Sequence[int]]
) -> float:
    """Largest difference from what is expected of probes that are sent at the same time.

    Args:
        transport: to the server.
        model: whose probes they are.
        images: (B, ...), of all requests, one after another.
        parts: the probe in each row of each request.

    Returns:
        Infinity where an answer is not finite.

    Raises:
        ServerError: a request failed, or was answered with another shape.
    """
    spec = model.spec
    assert spec.probes is not None
    codes = spec.probes.groups or [UNKNOWN] * len(spec.probes.shapes)
    calls, start = [], 0
    for rows in parts:
        groups = np.array([codes[row] for row in rows])
        own = {}
        if spec.text_input is not None and spec.probes.texts is not None:
            own[spec.text_input.name] = clip_tokens([spec.probes.texts[row] for row in rows])
        inputs = tensors_of(model, images[start : start + len(rows)], groups, own)
        timeout = TIMEOUT if len(rows) == 1 else BATCH_TIMEOUT
        request = Request(model.name, model.version, inputs, spec.output, timeout, model.by_row)
        calls.append(transport.send(request))
        start += len(rows)
    worst, start = 0.0, 0
    for rows, call in zip(parts, calls, strict=True):
        answer = answer_of(model, call.result(), images[start : start + len(rows)])
        shape = (len(rows), *TASKS[spec.task].answer_shape(spec, images.shape[1:]))
        if answer.shape != shape:
            raise ServerError(
                f"model '{model.name}' answered shape {list(answer.shape)} to {len(rows)} probes, "
                f"{list(shape)} is needed; export it again with python -m export"
            )
        start += len(rows)
        classes = len(spec.class_names)
        found = np.stack([TASKS[spec.task].fingerprint(one, classes) for one in answer])
        away = np.abs(found - np.array([spec.probes.expected[row] for row in rows])).max()
        worst = max(worst, float(away) if np.isfinite(away) else math.inf)
    return worst


def batches(probes: Probes, size: int) -> Iterator[tuple[Image, list[int]]]:
    """Full batches of probes of equal shape, and which probe is in each row.

    One of each shape; of the shape with the most answers to tell apart as many as it takes until
    any two rows have held different probes, so that it is seen whatever rows are exchanged.

    Args:
        probes: of the model.
        size: rows of a full batch; none is made where it is 1.
    """
    if size == 1:
        return
    shapes = dict.fromkeys(probes.shapes)
    apart = {shape: distinct(probes, shape) for shape in shapes}
    richest = max(shapes, key=lambda shape: len(apart[shape]))
    for shape, chosen in apart.items():
        length = max(2, min(size, BATCH_PIXELS // math.prod(shape)))
        kept = chosen[:length]
        images = {i: image for i, image in enumerate(probes.one_by_one()) if i in kept}
        orders = arrangements(kept, length)
        for rows in orders if shape == richest else orders[:1]:
            yield np.stack([images[row] for row in rows]), rows


def distinct(probes: Probes, shape: tuple[int, ...]) -> list[int]:
    """The probes of a shape, without those whose answer is too much like an earlier one's."""
    chosen: list[int] = []
    for index, found in enumerate(probes.shapes):
        row = np.array(probes.expected[index])
        apart = (np.abs(row - probes.expected[other]).max() for other in chosen)
        if found == shape and all(away > 2 * probes.tolerance for away in apart):
            chosen.append(index)
    return chosen


def arrangements(chosen: Sequence[int], length: int) -> list[list[int]]:
    """Rows of batches: the k-th holds the k-th digit of each row's number to the base of choices.

    Two numbers differ in some digit. One batch where there is no choice.
    """
    base = len(chosen)
    digits = 1
    while base > 1 and base**digits < length:
        digits += 1
    return [[chosen[row // base**digit % base] for row in range(length)] for digit in range(digits)]
