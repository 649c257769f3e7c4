"""Servers that share an audit: found by the flags, and what they say held against the first."""

from collections.abc import Callable, Sequence
from dataclasses import fields

from audit.client.connection import Connection
from audit.client.endpoint import ServedModel, connect, describe
from audit.client.replica_addresses import servers_of
from audit.options import Options
from fairness.errors import ServerError, UsageError
from fairness.foreign.model_yaml import Described


def servers_asked(options: Options, tell: Callable[[str], None]) -> tuple[Connection, ...]:
    """Connections to the servers of an audit. Of those of one host name, the ones that answer.

    Args:
        options: of the audit.
        tell: is told in a line what a name stands for, and who of it is left out.

    Raises:
        UsageError: several servers do not go with another flag.
        ServerError: one that was named does not answer, or none of a name.
    """
    found = servers_of(options.connection, tell)
    if len(found) < 2:
        return found
    if options.engine == "ray":
        raise UsageError(
            f"--endpoint {options.endpoint}: workers of Ray ask one server; name one of them"
        )
    if options.transport in ("shm", "cuda"):
        raise UsageError(
            f"--transport {options.transport} is for one server; several get images as bytes, so "
            "leave it out"
        )
    answering, faults = [], []
    for one in found:
        try:
            with connect(one):
                answering.append(one)
        except ServerError as error:
            if not one.server_name:
                raise
            faults.append(error)
            tell(f"left out: {error}")
    if not answering:
        raise faults[0]
    return tuple(answering)


def check_alike(
    model: ServedModel, servers: Sequence[Connection], said: Described | None, version: str | None
) -> None:
    """Refuse servers that say of a model what the first does not.

    Args:
        model: as the first describes it.
        servers: all of them.
        said: a description, of a model that does not describe itself.
        version: of the model, if not the newest.

    Raises:
        ServerError: one lacks it, or describes it otherwise.
    """
    first = servers[0].endpoint
    for connection in servers[1:]:
        with connect(connection) as server:
            other = describe(server, model.name, said, version)
        if what := differing(model, other):
            raise ServerError(
                f"{first} and {connection.endpoint} do not serve the same '{model.name}': {what}; "
                "name servers of one model, or one server alone"
            )


def differing(model: ServedModel, other: ServedModel) -> str:
    """What tells two descriptions of a model apart, in words; empty where nothing does."""
    if model.version != other.version:
        return f"versions {model.stated_version} and {other.stated_version} answer"
    if model.batch_size != other.batch_size:
        return f"they take batches of up to {model.batch_size} and of up to {other.batch_size}"
    ours, theirs = model.spec, other.spec
    names = [f.name for f in fields(ours) if getattr(ours, f.name) != getattr(theirs, f.name)]
    if not names and model.foreign != other.foreign:
        names = ["tensors"]
    return f"their descriptions differ ({', '.join(names)})" if names else ""
