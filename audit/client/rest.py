"""A server over REST: JSON, with the tensors as bytes behind it where the server offers that."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import quote

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from tritonclient.grpc import service_pb2 as messages
from tritonclient.grpc.model_config_pb2 import ModelConfig

from audit.client.connection import Connection
from audit.client.failures import GoneError
from audit.client.rest_address import Address, address_of
from audit.client.rest_call import Call, CallError, CallTimeoutError, Reply
from audit.client.rest_failures import greet, refused
from audit.client.rest_tensors import body_of, outputs_in
from audit.client.transport import DEADLINE, DESCRIPTION_BYTES, Request, statistics_of
from audit.client.wire import Output
from fairness.documents import parse_json
from fairness.errors import ServerError

AT_ONCE = 32
"""Requests under way; further ones wait."""

ABSENT = (404, 405, 501)
"""Statuses of a call that a server does not have."""

NOT_READY = (400, 404, 501, 503)
"""Statuses of a model that cannot be asked."""

TEXT_BYTES = 8
"""Of a number in JSON, for each byte that it has in a tensor, generously."""

Said = TypeVar("Said", bound=Message)


@dataclass(frozen=True)
class RestServer:
    """A `Server` over REST. What it says becomes the messages that gRPC has for it."""

    address: Address
    connection: Connection
    most_bytes: int
    pool: ThreadPoolExecutor
    binary: bool = False
    """Whether it takes and gives tensors as bytes."""
    seen: dict[str, str] = field(default_factory=dict)
    """Version of each model's first answer."""
    live: set[Call] = field(default_factory=set)
    """Inferences under way or waiting."""

    @property
    def kind(self) -> str:
        """The way, for the report."""
        return "REST, as bytes" if self.binary else "REST, as JSON"

    @property
    def endpoint(self) -> str:
        """As `Server`."""
        return self.connection.endpoint

    def about(self) -> Any:
        """As `Server`."""
        return self._said("GET", "v2", messages.ServerMetadataResponse())

    def is_ready(self, model: str, version: str) -> bool:
        """As `Server`."""
        reply = self._ask("GET", f"{path_of(model, version)}/ready", model)
        if reply.status not in (200, *NOT_READY):
            raise refused(reply, self.connection, model)
        return reply.status == 200

    def metadata(self, model: str, version: str) -> Any:
        """As `Server`."""
        return self._said("GET", path_of(model, version), messages.ModelMetadataResponse(), model)

    def config(self, model: str, version: str) -> ModelConfig | None:
        """As `Server`."""
        return self._offered("GET", f"{path_of(model, version)}/config", ModelConfig(), model)

    def index(self) -> Any | None:
        """As `Server`."""
        return self._offered("POST", "v2/repository/index", messages.RepositoryIndexResponse())

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        found = self.statistics(model, version)
        return None if found is None else int(found.inference_stats.success.count)

    def statistics(self, model: str, version: str) -> Any | None:
        """As `Server`."""
        path = f"{path_of(model, version)}/stats"
        found = self._offered("GET", path, messages.ModelStatisticsResponse(), model)
        return statistics_of(found, model, version)

    def renewed(self) -> None:
        """As `Transport`; nothing was left with the server."""

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request; arguments and errors as `Transport`."""
        future: Future[list[Output]] = Future()
        most = self.most_bytes if self.binary else self.most_bytes * TEXT_BYTES
        call = Call(self.address, request.timeout, most)
        self.live.add(call)
        future.add_done_callback(lambda done: call.end() if done.cancelled() else None)
        self.pool.submit(self._infer, request, call, future)
        return future

    def _infer(self, request: Request, call: Call, future: "Future[list[Output]]") -> None:
        try:
            body, headers = body_of(request, self.binary)
            path = f"{path_of(request.model, request.version)}/infer"
            reply = self._replied(call, "POST", path, body, headers, request.model)
            if reply.status != 200:
                raise refused(reply, self.connection, request.model)
            found = outputs_in(reply, request, self.seen)
        except Exception as error:  # it belongs to whoever waits, not to a thread of the pool
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
            return
        finally:
            self.live.discard(call)
        if future.set_running_or_notify_cancel():
            future.set_result(found)

    def _offered(
        self, method: str, path: str, message: Said, model: str | None = None
    ) -> Said | None:
        """What a call of an extension gives; None where the server has no such call."""
        reply = self._ask(method, path, model)
        return None if reply.status in ABSENT else self._read(reply, message, model)

    def _said(self, method: str, path: str, message: Said, model: str | None = None) -> Said:
        return self._read(self._ask(method, path, model), message, model)

    def _read(self, reply: Reply, message: Said, model: str | None) -> Said:
        if reply.status != 200:
            raise refused(reply, self.connection, model)
        body = reply.body
        if isinstance(message, messages.RepositoryIndexResponse):
            body = b'{"models":' + (body or b"[]") + b"}"  # REST has the list alone
        try:
            ParseDict(parse_json(body), message, ignore_unknown_fields=True)
        except (ValueError, ParseError) as error:
            why = self.connection.hide(str(error))[:200]
            raise ServerError(
                f"the server at {self.endpoint} said of {model or 'itself'} what is not of the "
                f"protocol ({why}); correct --endpoint, or audit it over gRPC"
            ) from None
        return message

    def _ask(self, method: str, path: str, model: str | None) -> Reply:
        """The reply to a call that describes server or model."""
        call = Call(self.address, DEADLINE, DESCRIPTION_BYTES)
        body = b"{}" if method == "POST" else b""
        headers = {"Content-Type": "application/json"} if body else {}
        return self._replied(call, method, path, body, headers, model)

    def _replied(
        self, call: Call, method: str, path: str, body: bytes, headers: dict[str, str],
        model: str | None,
    ) -> Reply:  # fmt: skip
        about = f"model '{model}' at {self.endpoint}" if model else f"the server at {self.endpoint}"
        try:
            return call.reply(method, path, body, headers)
        except CallTimeoutError:
            raise GoneError(
                f"{about} took too long to answer; see the server's log and its load"
            ) from None
        except CallError as error:
            why = self.connection.hide(str(error))
            if "is larger than" in why:
                raise ServerError(
                    f"{about} sent more than its description allows ({why}); do not trust it"
                ) from None
            broken = isinstance(error.__cause__, OSError | HTTPException)
            raise (GoneError if broken else ServerError)(
                f"{about} went away ({why[:200]}); see the server's log and start it again"
            ) from None


def path_of(model: str, version: str) -> str:
    """Of a model, below the server's address."""
    named = f"v2/models/{quote(model, safe='')}"
    return f"{named}/versions/{quote(version, safe='')}" if version else named


@contextmanager
def rest_server(connection: Connection, most_bytes: int) -> Iterator[RestServer]:
    """A ready server.

    Raises:
        UsageError: a certificate or a key cannot be used.
        ServerError: nobody answers, it is not ready, lets us not in, or is none of the protocol.
    """
    address = address_of(connection)
    greet(address, connection)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rest") as pool:
        plain = RestServer(address, connection, most_bytes, pool)
        binary = "binary_tensor_data" in plain.about().extensions
        server = RestServer(address, connection, most_bytes, pool, binary)
        try:
            yield server
        finally:
            for call in tuple(server.live):  # whoever waited for them has gone
                call.end()
