"""What a failed call means, as one line that says what to do."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tritonclient.utils import InferenceServerException

from audit.client.address import host_and_port, proxy_for, speaks_http, speaks_tls
from audit.client.connection import Connection
from audit.client.handshake import fault_of_handshake
from fairness.errors import ServerError

REFUSALS = ("UNAUTHENTICATED", "PERMISSION_DENIED")
"""Statuses of calls that the server did not want from us."""

PROTECTED = "expecting header 'triton-grpc-protocol-"
"""What Triton says, as UNAVAILABLE, where a call needs a key (`--grpc-restricted-protocol`)."""


class WrongModelError(ServerError):
    """Another model answers than should: to repeat the command would not help."""


class GoneError(ServerError):
    """Nothing answers at present, or not in time: the same request may be answered later."""


class RestartedError(GoneError):
    """The server began to count its answers anew: the model has been loaded again."""


class RefusedError(ServerError):
    """The server, or a gateway before it, does not let us in: to ask again would not help."""


class UndescribedError(ServerError):
    """A model does not describe itself, and no description was given."""


class ReplacedError(WrongModelError):
    """Another model took the place of the first in the middle of a run."""


class TooLargeError(ServerError):
    """The server receives no request of that size: fewer images might do."""

    taker = "the server"
    """Who takes no more."""


class LostRegionError(GoneError):
    """The server does not know our shared memory: it has been started anew."""


class TooManyNumbersError(TooLargeError):
    """A request in JSON would have too many numbers."""

    taker = "a request in JSON"


@contextmanager
def server_errors(connection: Connection, model: str | None = None) -> Iterator[None]:
    """Turn a gRPC failure into one line that names the server, the model and the remedy."""
    try:
        yield
    except InferenceServerException as error:
        raise explained(error, connection, model) from None


def explained(
    error: InferenceServerException, connection: Connection, model: str | None
) -> ServerError:
    """The error to show for a failed call to a server that answered before."""
    endpoint = connection.endpoint
    status, message = text_of(error, connection)
    about = f"model '{model}' at {endpoint}" if model else f"the server at {endpoint}"
    if status in REFUSALS or PROTECTED in message:
        return refusal(about, status, message, connection)
    if "is not healthy" in message:
        return GoneError(
            f"the backend process of model '{model}' at {endpoint} has died; restart the server"
        )
    if model and ("unknown model" in message or "is not available" in message):
        return GoneError(
            f"{about} is no longer loaded (unloaded, or replaced by another version); load it "
            "again, see the server's log"
        )
    if "nable to find shared memory region" in message:
        return LostRegionError(
            f"{about} has no more of the shared memory that it was given; see the server's log"
        )
    if status in ("UNAVAILABLE", "CANCELLED") or "RST_STREAM" in message:
        return GoneError(
            f"{about} went away ({message[:200]}); see the server's log and start it again"
        )
    if status == "DEADLINE_EXCEEDED":
        return GoneError(f"{about} took too long to answer; see the server's log and its load")
    if status == "RESOURCE_EXHAUSTED" and "larger than max" in message:
        return ServerError(
            f"{about} sent more than its description allows ({message[:200]}); do not trust it"
        )
    return ServerError(f"{about} refused: {message[:300]} ({status})")


def refusal(about: str, status: str, message: str, connection: Connection) -> RefusedError:
    """The error to show where a server, or a gateway before it, wants to know who asks."""
    names = ", ".join(header.name for header in connection.headers)
    sent = f"sent was --header {names}; check its value, and" if names else "name a token with"
    todo = "what it allows" if names else "--header 'authorization: Bearer env:TOKEN'"
    return RefusedError(f"{about} refuses the call ({status}: {message[:200]}); {sent} {todo}")


def too_large(
    error: InferenceServerException, connection: Connection, model: str, most_bytes: int
) -> TooLargeError | None:
    """The error to show where the server refused a request for its size; None for all others.

    Args:
        error: of the call.
        connection: to the server.
        model: that was asked.
        most_bytes: that we receive: a refusal that names them is our own, of too large an answer.
    """
    status, message = text_of(error, connection)
    if status != "RESOURCE_EXHAUSTED" or re.search(rf"larger than max.*\b{most_bytes}\b", message):
        return None
    return TooLargeError(
        f"the server at {connection.endpoint} receives no request of that size for model '{model}' "
        f"({message[:200]}); raise its limit"
    )


def unreachable(error: InferenceServerException, connection: Connection) -> ServerError:
    """The error to show where the first call fails: looks at who listens there, if anybody."""
    endpoint = connection.endpoint
    status, message = text_of(error, connection)
    if status in REFUSALS:
        return refusal(f"the server at {endpoint}", status, message, connection)
    proxy = proxy_for(endpoint, os.environ)
    if proxy is not None:
        return ServerError(
            f"no server answers at {endpoint} through the proxy that ${proxy} names; to "
            f"reach it without, set no_proxy={host_and_port(endpoint)[0]}"
        )
    if status not in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
        return ServerError(
            f"what answers at {endpoint} is no inference server ({status}: {message[:200]}); "
            "correct --endpoint"
        )
    fault = fault_of_handshake(connection, message) if connection.secure else None
    if fault is not None:
        return ServerError(fault)
    if not connection.secure and speaks_tls(endpoint):
        return ServerError(
            f"the server at {endpoint} speaks TLS; add --tls, and --ca-cert FILE where an "
            "authority of your own signed its certificate"
        )
    if speaks_http(endpoint):
        return ServerError(
            f"{endpoint} is an HTTP port; give the gRPC port in --endpoint (8001 of Triton), or "
            f"http://{endpoint} for REST"
        )
    if "hostname lookup" in message or "DNS" in message:
        return ServerError(f"the host name of {endpoint} is not known; correct --endpoint")
    if status == "DEADLINE_EXCEEDED":
        return ServerError(
            f"nothing answers at {endpoint} in time: a firewall, or a server that hangs; see the "
            "server's log, or correct --endpoint"
        )
    return ServerError(
        f"no server answers at {endpoint} (gRPC); start one, as with tritonserver "
        "--model-repository model_repository, or correct --endpoint"
    )


def text_of(error: InferenceServerException, connection: Connection) -> tuple[str, str]:
    """Name of the gRPC status, and the message on one line without our secrets."""
    status = (error.status() or "").removeprefix("StatusCode.")
    return status, connection.hide(" ".join(str(error.message()).split()))
