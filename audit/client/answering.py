"""What runs a model, as far as its server tells: two backends must not look the same in a report.

Triton's configuration names the backend, what implements it (`runtime`), devices and instances.
This project's own backend also answers a question about itself (`serving/backends/onnxruntime`).
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from audit.client.further_inputs import TYPES
from audit.client.transport import DEADLINE, Request, Transport
from audit.client.wire import Output
from fairness.documents import parse_json
from fairness.errors import ServerError
from fairness.text import short

NOT_STATED = "not stated by the server"
"""In the place of what it does not say."""

ABOUT = "fair_audit_about"
"""Parameter of a request that our own backend answers with what it is."""

OURS = ("onnxruntime", "model.py")
"""Backend and runtime of those that are asked: a compiled one would run the model on it."""

MOST_NUMBERS = 2**24
"""Of a question, which has an image of zeros in it."""

MOST_TEXT = 4096


@dataclass(frozen=True)
class Answering:
    """What runs a model; `not stated by the server` where it does not say."""

    backend: str = NOT_STATED
    """Name of Triton's backend, e.g. `onnxruntime`."""
    runtime: str = NOT_STATED
    """What implements it, e.g. `libtriton_onnxruntime.so`, or `model.py`."""
    engine: str = NOT_STATED
    """Library and version, e.g. `ONNX Runtime 1.31.1`."""
    providers: str = NOT_STATED
    """Execution providers of ONNX Runtime, in order of preference."""
    precision: str = NOT_STATED
    """That the server computes in, where it lowers that of the model's file."""
    threads: str = NOT_STATED
    """Of an instance: within an operator, and across operators."""
    instances: int | None = None
    response_cache: bool | None = None
    """Whether answers may come from a cache in place of the model."""

    @property
    def name(self) -> str:
        """What tells it from another backend, in a few words: `onnxruntime, model.py`."""
        said = [part for part in (self.backend, self.runtime, self.engine) if part != NOT_STATED]
        return ", ".join(said) or "a backend that it does not state"

    def told(self) -> dict[str, str | int | bool | None]:
        """As report.json has it."""
        return asdict(self)


UNKNOWN_BACKEND = Answering()
"""Of a server that says nothing of it."""


def device_of(config: ModelConfig) -> str:
    """`CPU`, `GPU`, or both, from the instance groups of the configuration in force."""
    names = {number: name for name, number in ModelInstanceGroup.Kind.items()}
    kinds = {
        names.get(group.kind, "unknown").removeprefix("KIND_") for group in config.instance_group
    }
    return "+".join(sorted(kinds)) or "unknown"


def answering(server: Transport, name: str, version: str, found: Any) -> Answering:
    """What runs a version of a model.

    Args:
        server: that serves it.
        name: of the model.
        version: of it.
        found: what the server said of it (`audit/client/endpoint.py`).
    """
    config: ModelConfig | None = found.config
    if config is None:
        return UNKNOWN_BACKEND
    backend = short(config.backend or config.platform, 60) or NOT_STATED
    runtime = short(config.runtime, 60) or NOT_STATED
    said: dict[str, object] = {}
    if (backend, runtime) == OURS:
        said = asked(server, name, version, found.metadata)
    threads = (said.get("intra_op_threads"), said.get("inter_op_threads"))
    whole = all(isinstance(number, int) for number in threads)
    lowered = text_of(said.get("precision"))
    return Answering(
        backend=backend,
        runtime=runtime,
        engine=text_of(said.get("engine")),
        providers=text_of(said.get("providers")),
        precision=configured_precision(config) if lowered == NOT_STATED else lowered,
        threads=f"{threads[0]} within, {threads[1]} across operators" if whole else NOT_STATED,
        instances=sum(g.count * max(1, len(g.gpus)) for g in config.instance_group) or None,
        response_cache=bool(config.response_cache.enable),
    )


def configured_precision(config: ModelConfig) -> str:
    """That of an accelerator of the configuration, e.g. `tensorrt FP16`."""
    accelerators = config.optimization.execution_accelerators
    used = [*accelerators.gpu_execution_accelerator, *accelerators.cpu_execution_accelerator]
    modes = [
        (a.name, a.parameters["precision_mode"]) for a in used if "precision_mode" in a.parameters
    ]
    return ", ".join(f"{short(name, 30)} {short(mode, 30)}" for name, mode in modes) or NOT_STATED


def asked(server: Transport, name: str, version: str, metadata: Any) -> dict[str, object]:
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
