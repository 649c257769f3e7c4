"""Finds the server and its models, and reads their self-descriptions."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup
from tritonclient.utils import InferenceServerException

from audit.client.channel import client_of
from audit.client.connection import Connection
from audit.client.failures import UndescribedError, server_errors, unreachable
from audit.client.foreign import Foreign, resolved
from audit.client.own_tensors import check_tensors, some
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.errors import ServerError, UsageError
from fairness.foreign.model_yaml import Described
from fairness.tasks.catalogue import TASKS, check_description
from fairness.text import one_line

DEADLINE = 10.0
"""Seconds that any call but an inference may take."""

MOST_MODELS = 1000
"""Ready models that are looked through for those that describe themselves."""

MOST_ROWS = 1024
"""Of a batch, whatever the server would take."""

DESCRIPTION_BYTES = 2**24
"""Of an answer that describes server or models."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""Of a model: it becomes a folder of the reports."""


@dataclass(frozen=True)
class ServedModel:
    """A ready model, and what it or somebody else says of it."""

    name: str
    version: str
    spec: ModelSpec
    batch_size: int
    """The server's maximum: batches of this size are merged with no others."""
    device: str
    """What the configuration says the model runs on, e.g. `CPU`."""
    server: str
    """Name and version of the server, e.g. `triton 2.51.0`."""
    foreign: Foreign | None = None
    """How to ask a model that somebody else describes; None where it describes itself."""


@contextmanager
def connect(
    connection: Connection, most_bytes: int = DESCRIPTION_BYTES
) -> Iterator[InferenceServerClient]:
    """A client of a ready server (gRPC), which sends the headers with every call.

    Args:
        connection: how the server is reached.
        most_bytes: that an answer may have.

    Raises:
        UsageError: a certificate or a key cannot be used.
        ServerError: nothing answers there, it is not ready yet, or lets us not in.
    """
    client = client_of(connection, most_bytes)
    try:
        try:
            ready = client.is_server_ready(client_timeout=DEADLINE)
        except InferenceServerException as error:
            raise unreachable(error, connection) from None
        if not ready:
            raise ServerError(
                f"the server at {connection.endpoint} is not ready: a model failed to load or is "
                "still loading; see the server's log"
            )
        yield client
    finally:
        client.close()


def self_described_models(client: InferenceServerClient, connection: Connection) -> list[str]:
    """Names of all ready models that carry a self-description, sorted.

    Raises:
        ServerError: there is none, there are too many, or one could not name a folder.
    """
    with server_errors(connection):
        index = client.get_model_repository_index(client_timeout=DEADLINE)
        ready = sorted({m.name for m in index.models if m.state == "READY"})
        if len(ready) > MOST_MODELS:
            raise ServerError(
                f"{len(ready)} models are ready at {connection.endpoint}; name those to audit with "
                "--model"
            )
        configs = {n: client.get_model_config(n, client_timeout=DEADLINE).config for n in ready}
    names = [name for name, config in configs.items() if PARAMETER_KEY in config.parameters]
    if not names:
        raise UndescribedError(
            f"no ready model at {connection.endpoint} describes itself (ready: {some(ready)}); "
            "export one with python -m export, or describe one with --model NAME "
            "--spec model.yaml, which this drafts"
        )
    for name in names:
        check_name(name)
    return names


def check_name(name: str) -> None:
    """Refuse a model whose name could lead out of the folder of the reports.

    Raises:
        ServerError: it has other characters than letters, digits, `.`, `_` and `-`.
    """
    if not NAME.fullmatch(name):
        raise ServerError(
            f"a model is named {name[:200]!r}, which cannot name a folder; use letters, digits, "
            "'.', '_' and '-', beginning with a letter or digit, or name another with --model"
        )


@dataclass(frozen=True)
class Found:
    """What a server says of a ready model."""

    version: str
    metadata: Any
    config: ModelConfig
    server: str
    """Name and version of the server."""


def looked_up(client: InferenceServerClient, connection: Connection, name: str) -> Found:
    """Ask for the newest version of a model.

    Raises:
        ServerError: it is unknown or not ready, or its name could lead out of a folder.
    """
    check_name(name)
    with server_errors(connection, name):
        if not client.is_model_ready(name, client_timeout=DEADLINE):
            index = client.get_model_repository_index(client_timeout=DEADLINE)
            known = sorted({m.name for m in index.models})
            raise ServerError(
                f"model '{name}' is not ready at {connection.endpoint} (the repository holds: "
                f"{some(known)}); check --model and the server's log"
            )
        server = client.get_server_metadata(client_timeout=DEADLINE)
        metadata = client.get_model_metadata(name, client_timeout=DEADLINE)
        version = newest(metadata.versions, name)
        config = client.get_model_config(name, version, client_timeout=DEADLINE).config
    said = one_line(f"{server.name[:50]} {server.version[:50]}")
    return Found(version, metadata, config, said)


def describe(
    client: InferenceServerClient,
    connection: Connection,
    name: str,
    said: Described | None = None,
) -> ServedModel:
    """Read what the server says of one model, and check that its tensors are what it claims.

    Args:
        client: of the server.
        connection: to it.
        name: of the model.
        said: a description, of a model that does not describe itself.

    Raises:
        ServerError: unknown or not ready, no self-description, or tensors of another kind.
        UsageError: it is described, and describes itself, or has other tensors.
    """
    found = looked_up(client, connection, name)
    metadata, config = found.metadata, found.config
    describes_itself = PARAMETER_KEY in config.parameters
    text = config.parameters[PARAMETER_KEY].string_value if describes_itself else None
    spec, foreign = described(name, metadata, text, said)
    most = max(1, config.max_batch_size)
    return ServedModel(
        name=name,
        version=found.version,
        spec=spec,
        batch_size=min(foreign.rows(config.max_batch_size) if foreign else most, MOST_ROWS),
        device=device_of(config),
        server=found.server,
        foreign=foreign,
    )


def described(
    name: str, metadata: Any, text: str | None, said: Described | None
) -> tuple[ModelSpec, Foreign | None]:
    """What a model says of itself, or what a description says of it; errors as `describe`.

    Args:
        name: of the model.
        metadata: what the server says of its tensors.
        text: its self-description, if it has one.
        said: the description, if there is one.
    """
    if said is not None and text is not None:
        raise UsageError(f"--spec {said.path}: model '{name}' describes itself; leave out --spec")
    if said is not None:
        spec, task = said.description.spec(), TASKS[said.description.task]
        if task.answers_masks and (fault := task.description_fault(spec)):
            raise UsageError(f"{said.at('origin', 'probes')}: it {fault}; correct it")
        return spec, resolved(said, metadata, name)
    if text is None:
        raise UndescribedError(
            f"model '{name}' has no '{PARAMETER_KEY}' self-description; export it with python -m "
            "export, or describe it with --spec model.yaml, which this drafts"
        )
    spec = ModelSpec.from_json(text, name)
    check_description(spec, name)
    check_tensors(name, metadata, spec)
    return spec, None


def newest(versions: Sequence[str], model: str) -> str:
    """The highest of a model's ready versions.

    Raises:
        ServerError: there is none, or one is no number.
    """
    strange = [version for version in versions if not re.fullmatch(r"[0-9]{1,18}", version)]
    if strange or not versions:
        said = repr(strange[0][:50]) if strange else "none"
        raise ServerError(
            f"model '{model}': its ready version is {said}, no number; see the server's log"
        )
    return max(versions, key=int)


def device_of(config: ModelConfig) -> str:
    """`CPU`, `GPU`, or both, from the instance groups of the configuration in force."""
    names = {number: name for name, number in ModelInstanceGroup.Kind.items()}
    kinds = {
        names.get(group.kind, "unknown").removeprefix("KIND_") for group in config.instance_group
    }
    return "+".join(sorted(kinds)) or "unknown"
