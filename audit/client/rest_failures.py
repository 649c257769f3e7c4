"""What it means where a REST server is not there, not ready, or refuses a call."""

import socket
import ssl
from http.client import responses

from audit.client.address import speaks_tls
from audit.client.connection import Connection
from audit.client.failures import GoneError, TooLargeError, refusal
from audit.client.handshake import HUNG_UP, broken_off, distrusted
from audit.client.rest_address import Address
from audit.client.rest_call import Call, CallError, CallTimeoutError, Reply
from audit.client.transport import DEADLINE, DESCRIPTION_BYTES
from fairness.documents import parse_json
from fairness.errors import ServerError
from fairness.text import one_line

REFUSALS = (401, 403, 407)
"""Statuses of calls that the server did not want from us."""

PASSING = (429, 502, 503, 504)
"""Statuses of a server, or of a gateway before it, that may answer the same call later."""


def greet(address: Address, connection: Connection) -> None:
    """Ask a server whether it is ready.

    Raises:
        ServerError: nobody answers, it is not ready, lets us not in, or is none of the protocol.
    """
    endpoint = connection.endpoint
    call = Call(address, DEADLINE, DESCRIPTION_BYTES)
    try:
        reply = call.reply("GET", "v2/health/ready", b"", {})
    except CallTimeoutError:
        raise ServerError(
            f"nothing answers at {endpoint} in time: a firewall, or a server that hangs; see the "
            "server's log, or correct --endpoint"
        ) from None
    except CallError as error:
        raise ServerError(unreachable(error, connection)) from None
    if reply.status in REFUSALS:
        raise refused(reply, connection, None)
    if reply.status in (400, 503):
        raise ServerError(
            f"the server at {endpoint} is not ready: a model failed to load or is still loading; "
            "see the server's log"
        )
    if reply.status != 200:
        raise ServerError(
            f"what answers at {endpoint} is no server of the Open Inference Protocol "
            f"(HTTP {reply.status} for v2/health/ready); correct --endpoint"
        )


def unreachable(error: CallError, connection: Connection) -> str:
    """Why the first call has no reply, and what to do."""
    endpoint, cause = connection.endpoint, error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return distrusted(cause, connection)
    hung_up = isinstance(cause, ssl.SSLEOFError | ConnectionResetError | BrokenPipeError)
    if isinstance(cause, ssl.SSLError) or (connection.secure and hung_up):
        # By TLS 1.3 a certificate of ours is refused only after the handshake, if need be by
        # hanging up.
        reason = HUNG_UP if hung_up else getattr(cause, "reason", None) or ""
        fault = broken_off(reason, connection)
        return fault or f"the TLS handshake with {endpoint} fails ({reason}); see its log"
    if isinstance(cause, socket.gaierror):
        return f"the host name of {endpoint} is not known; correct --endpoint"
    if not connection.secure and speaks_tls(endpoint):
        return f"the server at {endpoint} speaks TLS; give https:// in --endpoint"
    return (
        f"no server answers in HTTP at {endpoint} ({connection.hide(str(error))[:200]}); start it, "
        "or correct --endpoint: a gRPC port has no http:// before it"
    )


def refused(reply: Reply, connection: Connection, model: str | None) -> ServerError:
    """The error to show for a reply of another status than 200."""
    endpoint = connection.endpoint
    about = f"model '{model}' at {endpoint}" if model else f"the server at {endpoint}"
    why = connection.hide(reason_in(reply.body)) or responses.get(reply.status, "no reason given")
    if reply.status in REFUSALS:
        return refusal(about, f"HTTP {reply.status}", why, connection)
    if reply.status == 413:
        return TooLargeError(
            f"the server at {endpoint} receives no request of that size for model '{model}' "
            f"({why[:200]}); raise its limit"
        )
    if reply.status == 404 or "is not available" in why:
        return GoneError(
            f"{about} is no longer loaded (unloaded, or replaced by another version; "
            f"{why[:200]}); load it again, see the server's log"
        )
    passing = reply.status in PASSING or "is not healthy" in why
    kind = GoneError if passing else ServerError
    return kind(f"{about} refused: {why[:300]} (HTTP {reply.status})")


def reason_in(body: bytes) -> str:
    """What a failed call says: its `error`, or the last line of its text."""
    try:
        said = parse_json(body)
    except ValueError:
        lines = body[-2000:].decode(errors="replace").split("\n")
        return next((one_line(line) for line in reversed(lines) if line.strip()), "")
    return one_line(said.get("error") or said.get("detail") or "")
