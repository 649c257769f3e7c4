"""A gRPC client with the certificates and the headers of a connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from grpc import ChannelCredentials, ssl_channel_credentials
from tritonclient.grpc import (
    MAX_GRPC_MESSAGE_SIZE,
    InferenceServerClient,
    InferenceServerClientPlugin,
)
from tritonclient.grpc.service_pb2 import ModelInferResponse

from audit.client.address import host_and_port
from audit.client.certificates import read_authorities, read_pair
from audit.client.connection import Connection
from audit.client.raw_request import joined

INFER = "/inference.GRPCInferenceService/ModelInfer"

RECONNECT_MS = {"initial": 200, "max": 2000}
"""Between two tries to reach a server that went away; gRPC's own rise to two minutes."""


def client_of(connection: Connection, most_bytes: int) -> InferenceServerClient:
    """A client that has not called yet.

    Args:
        connection: how the server is reached.
        most_bytes: that an answer may have.

    Raises:
        UsageError: a certificate or a key cannot be used.
    """
    client = InferenceServerClient(
        connection.endpoint,
        creds=credentials_of(connection),
        channel_args=arguments_of(connection, most_bytes),
    )
    client.register_plugin(HeadersOfEveryCall(connection))
    return client


@contextmanager
def inferences(connection: Connection, most_bytes: int) -> Iterator[Any]:
    """The call of an inference, which takes a `RawRequest`; arguments and errors as `client_of`.

    The client's own copies every tensor through protobuf. gRPC connects once for both.
    """
    credentials, options = credentials_of(connection), arguments_of(connection, most_bytes)
    if credentials is None:
        channel = grpc.insecure_channel(connection.endpoint, options)
    else:
        channel = grpc.secure_channel(connection.endpoint, credentials, options)
    with channel:
        yield channel.unary_unary(
            INFER,
            request_serializer=joined,
            response_deserializer=ModelInferResponse.FromString,
        )


def arguments_of(connection: Connection, most_bytes: int) -> list[tuple[str, int | str]]:
    """Of a channel: both limits, as whoever gives any argument drops the client's; waits.

    Where an address stands in the place of a host name, calls go to that name all the same: a
    gateway tells its models apart by it, and certificates are made out to it.
    """
    sizes = {"send": MAX_GRPC_MESSAGE_SIZE, "receive": most_bytes}
    waits = [(f"grpc.{which}_reconnect_backoff_ms", ms) for which, ms in RECONNECT_MS.items()]
    named: list[tuple[str, int | str]] = []
    if name := connection.server_name:
        _, port = host_and_port(connection.endpoint)
        named = [("grpc.default_authority", f"{name}:{port}"), ("grpc.enable_http_proxy", 0)]
        named += [("grpc.ssl_target_name_override", name)] if connection.secure else []
    limits = [(f"grpc.max_{way}_message_length", size) for way, size in sizes.items()]
    return [*limits, *waits, *named]


def credentials_of(connection: Connection) -> ChannelCredentials | None:
    """Authorities, certificate and key; None without TLS. UsageError as `client_of`."""
    authorities = read_authorities(connection.ca_cert) if connection.ca_cert else None
    chain, key = None, None
    if connection.client_cert and connection.client_key:
        chain, key = read_pair(connection.client_cert, connection.client_key)
    return ssl_channel_credentials(authorities, key, chain) if connection.secure else None


def headers_of(connection: Connection) -> dict[str, str]:
    """Name to value, of every call."""
    return {header.name: header.value.reveal() for header in connection.headers}


class HeadersOfEveryCall(InferenceServerClientPlugin):  # type: ignore[misc]  # untyped
    """Adds the headers of a connection to each call of a client."""

    def __init__(self, connection: Connection) -> None:
        self.headers = headers_of(connection)

    def __call__(self, request: Any) -> None:
        """Set them; the client hands over each request before it sends it."""
        request.headers = dict(self.headers)
