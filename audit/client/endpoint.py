"""Finds the server and its models, and reads their self-descriptions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup
from tritonclient.utils import InferenceServerException

from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.errors import ServerError
from fairness.tasks.catalogue import TASKS, check_description


@dataclass(frozen=True)
class ServedModel:
    """A ready model that describes itself."""

    name: str
    version: str
    spec: ModelSpec
    batch_size: int
    """The server's maximum: batches of this size are merged with no others."""
    device: str
    """What the configuration says the model runs on, e.g. `CPU`."""
    server: str
    """Name and version of the server, e.g. `triton 2.51.0`."""


@contextmanager
def connect(endpoint: str) -> Iterator[InferenceServerClient]:
    """A client of the ready server at `host:port` (gRPC).

    Raises:
        ServerError: nothing answers there, or it is not ready yet.
    """
    # No channel_args here: passing any drops tritonclient's 2 GiB message limits to gRPC's 4 MiB.
    client = InferenceServerClient(endpoint)
    try:
        with server_errors(endpoint):
            ready = client.is_server_ready(client_timeout=10)
        if not ready:
            raise ServerError(
                f"the server at {endpoint} is not ready: a model failed to load or is still "
                "loading; see the server's log"
            )
        yield client
    finally:
        client.close()


@contextmanager
def server_errors(endpoint: str, model: str | None = None) -> Iterator[None]:
    """Turn a gRPC failure into one line that names the server, the model and the remedy."""
    try:
        yield
    except InferenceServerException as error:
        raise explained(error, endpoint, model) from None


def explained(error: InferenceServerException, endpoint: str, model: str | None) -> ServerError:
    """The error to show for a failed call."""
    status, message = error.status() or "", " ".join(str(error.message()).split())
    if "UNAVAILABLE" in status and "not ready" not in message:
        return ServerError(
            f"no Triton server answers at {endpoint} (gRPC); start one with "
            "tritonserver --model-repository model_repository, or correct --endpoint"
        )
    if "is not healthy" in message:
        return ServerError(
            f"the backend process of model '{model}' at {endpoint} has died; restart the server, "
            "then repeat the command with --resume"
        )
    if "DEADLINE_EXCEEDED" in status:
        return ServerError(f"{endpoint} took too long to answer; repeat the command with --resume")
    about = f"model '{model}' at {endpoint}" if model else f"the server at {endpoint}"
    return ServerError(f"{about} refused: {message[:300]} ({status.removeprefix('StatusCode.')})")


def self_described_models(client: InferenceServerClient, endpoint: str) -> list[str]:
    """Names of all ready models that carry a self-description, sorted.

    Raises:
        ServerError: there is none.
    """
    with server_errors(endpoint):
        index = client.get_model_repository_index()
        ready = sorted({m.name for m in index.models if m.state == "READY"})
        names = [
            name
            for name in ready
            if PARAMETER_KEY in client.get_model_config(name).config.parameters
        ]
    if not names:
        raise ServerError(
            f"no ready model at {endpoint} describes itself (ready: {', '.join(ready) or 'none'}); "
            "export one with python -m export"
        )
    return names


def describe(client: InferenceServerClient, endpoint: str, name: str) -> ServedModel:
    """Read what the server says of one model, and check that its tensors are what it claims.

    Raises:
        ServerError: unknown or not ready, no self-description, or tensors of another kind.
    """
    with server_errors(endpoint, name):
        if not client.is_model_ready(name):
            known = sorted({m.name for m in client.get_model_repository_index().models})
            raise ServerError(
                f"model '{name}' is not ready at {endpoint} (the repository holds: "
                f"{', '.join(known) or 'nothing'}); check --model and the server's log"
            )
        server = client.get_server_metadata()
        metadata = client.get_model_metadata(name)
        version = max(metadata.versions, key=int)
        config = client.get_model_config(name, version).config
    if PARAMETER_KEY not in config.parameters:
        raise ServerError(
            f"model '{name}' at {endpoint} has no '{PARAMETER_KEY}' self-description; "
            "export it with python -m export"
        )
    spec = ModelSpec.from_json(config.parameters[PARAMETER_KEY].string_value, name)
    check_description(spec, name)
    task = TASKS[spec.task]
    image = list(spec.image_shape or (-1, -1))
    check_tensor(name, "input", metadata.inputs, spec.input, "UINT8", [-1, *image])
    if spec.group_input is not None:
        check_tensor(name, "input", metadata.inputs, spec.group_input.name, "INT64", [-1, 1])
    answer = [-1, *task.answer_shape(image)]
    check_tensor(name, "output", metadata.outputs, spec.output, task.datatype, answer)
    return ServedModel(
        name=name,
        version=version,
        spec=spec,
        batch_size=max(1, config.max_batch_size),
        device=device_of(config),
        server=f"{server.name} {server.version}",
    )


def check_tensor(
    model: str, role: str, tensors: Iterable[Any], name: str, datatype: str, shape: list[int]
) -> None:
    """Refuse a model whose tensor `name` is missing or of another type or shape than we send."""
    for tensor in tensors:
        if tensor.name == name:
            found = f"{tensor.datatype} {list(tensor.shape)}"
            if found != f"{datatype} {shape}":
                raise ServerError(
                    f"model '{model}': {role} '{name}' is {found}, fair-audit needs "
                    f"{datatype} {shape}; export the model again with python -m export"
                )
            return
    names = ", ".join(tensor.name for tensor in tensors)
    raise ServerError(
        f"model '{model}': no {role} '{name}' (it has: {names}); "
        "its self-description belongs to another model, export it again with python -m export"
    )


def device_of(config: ModelConfig) -> str:
    """`CPU`, `GPU`, or both, from the instance groups of the configuration in force."""
    kinds = {
        ModelInstanceGroup.Kind.Name(group.kind).removeprefix("KIND_")
        for group in config.instance_group
    }
    return "+".join(sorted(kinds)) or "unknown"
