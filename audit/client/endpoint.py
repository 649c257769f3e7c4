"""Finds the server and its models, and reads their self-descriptions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import InferenceServerException

from audit.client.address import rest_url
from audit.client.answering import (
    NOT_STATED,
    UNKNOWN_BACKEND,
    Answering,
    answering,
    device_of,
)
from audit.client.channel import client_of, inferences
from audit.client.connection import Connection
from audit.client.failures import UndescribedError, unreachable
from audit.client.foreign import Foreign, resolved
from audit.client.grpc_server import GrpcServer
from audit.client.names import check_name, newest
from audit.client.own_tensors import check_tensors, some
from audit.client.rest import rest_server
from audit.client.transport import DEADLINE, DESCRIPTION_BYTES, Server
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.errors import ServerError, UsageError
from fairness.foreign.model_yaml import Described
from fairness.tasks.catalogue import TASKS, check_description
from fairness.text import one_line

MOST_MODELS = 1000
"""Ready models that are looked through for those that describe themselves."""

MOST_ROWS = 1024
"""Of a batch, whatever the server would take."""

READY = ("READY", "State.READY")
"""State of a model, and as MLServer 1.7 spells it."""


@dataclass(frozen=True)
class ServedModel:
    """A ready model, and what it or somebody else says of it."""

    name: str
    version: str
    """A number or a word; empty where the server names none."""
    spec: ModelSpec
    batch_size: int
    """The server's maximum: batches of this size are merged with no others."""
    device: str
    """What the configuration says the model runs on, e.g. `CPU`."""
    server: str
    """Name and version of the server, e.g. `triton 2.51.0`."""
    foreign: Foreign | None = None
    """How to ask a model that somebody else describes; None where it describes itself."""
    answering: Answering = UNKNOWN_BACKEND
    """What runs it."""

    @property
    def stated_version(self) -> str:
        """The version, or that there is none."""
        return self.version or NOT_STATED

    @property
    def by_row(self) -> frozenset[str]:
        """Its inputs with an axis of images."""
        if self.foreign is not None:
            return self.foreign.by_row
        further = (self.spec.group_input, self.spec.text_input)
        return frozenset((self.spec.input, *(one.name for one in further if one is not None)))


@contextmanager
def connect(connection: Connection, most_bytes: int = DESCRIPTION_BYTES) -> Iterator[Server]:
    """A ready server, over gRPC or REST; the headers go with every call.

    Args:
        connection: how the server is reached.
        most_bytes: that an answer may have.

    Raises:
        UsageError: a certificate or a key cannot be used, or several servers are named.
        ServerError: nothing answers there, it is not ready yet, or lets us not in.
    """
    if len(connection.each()) > 1:
        raise UsageError(
            f"--endpoint {connection.endpoint}: only an audit is shared among several servers; "
            "name one of them"
        )
    if rest_url(connection.endpoint) is not None:
        with rest_server(connection, most_bytes) as server:
            yield server
        return
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
        with inferences(connection, most_bytes) as infer:
            yield GrpcServer(client, infer, connection, most_bytes)
    finally:
        client.close()


def self_described_models(server: Server) -> list[str]:
    """Names of all ready models that carry a self-description, sorted.

    Raises:
        ServerError: there is none, there are too many, one could not name a folder, or the server
            lists no models.
    """
    index = server.index()
    if index is None:
        raise UndescribedError(
            f"the server at {server.endpoint} does not list its models; name one with --model, and "
            "its description with --spec model.yaml, which this drafts"
        )
    ready = sorted({m.name for m in index.models if m.state in READY})
    if len(ready) > MOST_MODELS:
        raise ServerError(
            f"{len(ready)} models are ready at {server.endpoint}; name those to audit with --model"
        )
    configs = {name: server.config(name, "") for name in ready}
    names = [n for n, config in configs.items() if config and PARAMETER_KEY in config.parameters]
    if not names:
        raise UndescribedError(
            f"no ready model at {server.endpoint} describes itself (ready: {some(ready)}); export "
            "one with python -m export, or describe one with --model NAME --spec model.yaml, which "
            "this drafts"
        )
    for name in names:
        check_name(name)
    return names


@dataclass(frozen=True)
class Found:
    """What a server says of a ready model."""

    version: str
    """Empty where it names none."""
    metadata: Any
    config: ModelConfig | None
    """None where the server does not tell."""
    server: str
    """Name and version of the server."""

    @property
    def self_description(self) -> str | None:
        """The model's own, if it has one."""
        if self.config is None or PARAMETER_KEY not in self.config.parameters:
            return None
        return str(self.config.parameters[PARAMETER_KEY].string_value)


def looked_up(server: Server, name: str, version: str | None = None) -> Found:
    """Ask for a version of a model, the newest unless one is named.

    Raises:
        ServerError: it is unknown or not ready, or its name could lead out of a folder.
    """
    check_name(name)
    if not server.is_ready(name, version or ""):
        index = server.index()
        known = sorted({m.name for m in index.models}) if index is not None else []
        holds = f" (the repository holds: {some(known)})" if index is not None else ""
        asked = f"model '{name}'" + (f" version {version}" if version else "")
        flags = "--model and --version" if version else "--model"
        raise ServerError(
            f"{asked} is not ready at {server.endpoint}{holds}; check {flags} and the server's log"
        )
    about = server.about()
    metadata = server.metadata(name, version or "")
    chosen = version or newest(metadata.versions, name)
    said = one_line(f"{about.name[:50]} {about.version[:50]}").strip()
    return Found(chosen, metadata, server.config(name, chosen), said or "a server without a name")


def describe(
    server: Server, name: str, said: Described | None = None, version: str | None = None
) -> ServedModel:
    """Read what the server says of one model, and check that its tensors are what it claims.

    Args:
        server: that serves it.
        name: of the model.
        said: a description, of a model that does not describe itself.
        version: of the model, if not the newest.

    Raises:
        ServerError: unknown or not ready, no self-description, or tensors of another kind.
        UsageError: it is described, and describes itself, or has other tensors.
    """
    return found_model(looked_up(server, name, version), name, said)


def found_model(found: Found, name: str, said: Described | None) -> ServedModel:
    """What a server said of a model, checked; arguments and errors as `describe`."""
    spec, foreign = described(name, found.metadata, found.self_description, said)
    most = None if found.config is None else found.config.max_batch_size
    return ServedModel(
        name=name,
        version=found.version,
        spec=spec,
        batch_size=min(foreign.rows(most) if foreign else max(1, most or 1), MOST_ROWS),
        device=NOT_STATED if found.config is None else device_of(found.config),
        server=found.server,
        foreign=foreign,
        answering=answering(found.config),
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
