"""Asks this package's own backend what it is: version of ONNX Runtime, providers, threads.

The question is a request with a parameter, which `serving/backends/onnxruntime` answers with text
in the place of its output. It counts as an inference, so it is asked when a run begins.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from audit.client.answering import NOT_STATED
from audit.client.endpoint import ServedModel
from audit.client.further_inputs import TYPES
from audit.client.transport import DEADLINE, Request, Server
from audit.client.wire import Output
from fairness.documents import parse_json
from fairness.errors import ServerError
from fairness.text import short

ABOUT = "fair_audit_about"
"""Parameter of a request that our own backend answers with what it is."""

OURS = ("onnxruntime", "model.py")
"""Backend and runtime of those that are asked: a compiled one would run the model on it."""

MOST_NUMBERS = 2**24
"""Of a question, which has an image of zeros in it."""

MOST_TEXT = 4096


def with_engine(server: Server, model: ServedModel) -> ServedModel:
    """The model with what its backend says of itself, where that is our own and says it."""
    if (model.answering.backend, model.answering.runtime) != OURS:
        return model
    said = asked(server, model.name, model.version, server.metadata(model.name, model.version))
    threads = (said.get("intra_op_threads"), said.get("inter_op_threads"))
    whole = all(isinstance(number, int) for number in threads)
    lowered = text_of(said.get("precision"))
    found = replace(
        model.answering,
        engine=text_of(said.get("engine")),
        providers=text_of(said.get("providers")),
        precision=model.answering.precision if lowered == NOT_STATED else lowered,
        threads=f"{threads[0]} within, {threads[1]} across operators" if whole else NOT_STATED,
    )
    return replace(model, answering=found)


def asked(server: Server, name: str, version: str, metadata: Any) -> dict[str, object]:
    """What our own backend says of itself; empty where it does not, as an earlier version of it."""
    sent = question(metadata.inputs)
    outputs = sorted(output.name for output in metadata.outputs)
    if sent is None or not outputs:
        return {}
    request = Request(name, version, sent, outputs[0], DEADLINE, parameters={ABOUT: "1"})
    try:
        return told(server.send(request).result(DEADLINE))
    except (ServerError, TimeoutError):
        return {}  # it took the question for an image, and could not answer that


def question(inputs: Iterable[Any]) -> dict[str, np.ndarray[Any, Any]] | None:
    """Zeros for every input, axes that vary being 1 long; None where that cannot be made."""
    sent = {}
    for tensor in inputs:
        shape = [axis if axis > 0 else 1 for axis in tensor.shape]
        if tensor.datatype not in TYPES or math.prod(shape) > MOST_NUMBERS:
            return None
        sent[tensor.name] = np.zeros(shape, TYPES[tensor.datatype])
    return sent or None


def told(outputs: list[Output]) -> dict[str, object]:
    """The JSON of the answer; empty where it is none."""
    raw = outputs[0].raw if outputs and outputs[0].datatype == "BYTES" else b""
    if not 4 < len(raw) <= MOST_TEXT:
        return {}
    try:
        return parse_json(raw[4:])  # after the length of the one text in it
    except ValueError:
        return {}


def text_of(said: object) -> str:
    """A text of the backend's as one short line; `not stated` in the place of anything else."""
    return (short(said, 120) or NOT_STATED) if isinstance(said, str) else NOT_STATED
