"""A gRPC client with the certificates and the headers of a connection."""

from typing import Any

from grpc import ChannelCredentials, ssl_channel_credentials
from tritonclient.grpc import (
    MAX_GRPC_MESSAGE_SIZE,
    InferenceServerClient,
    InferenceServerClientPlugin,
)

from audit.client.certificates import read_authorities, read_pair
from audit.client.connection import Connection

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
    sizes = {"send": MAX_GRPC_MESSAGE_SIZE, "receive": most_bytes}
    arguments = [(f"grpc.max_{way}_message_length", size) for way, size in sizes.items()]
    arguments += [(f"grpc.{which}_reconnect_backoff_ms", ms) for which, ms in RECONNECT_MS.items()]
    credentials = credentials_of(connection)
    client = InferenceServerClient(connection.endpoint, creds=credentials, channel_args=arguments)
    client.register_plugin(HeadersOfEveryCall(connection))
    return client


def credentials_of(connection: Connection) -> ChannelCredentials | None:
    """Authorities, certificate and key; None without TLS. UsageError as `client_of`."""
    authorities = read_authorities(connection.ca_cert) if connection.ca_cert else None
    chain, key = None, None
    if connection.client_cert and connection.client_key:
        chain, key = read_pair(connection.client_cert, connection.client_key)
    return ssl_channel_credentials(authorities, key, chain) if connection.secure else None


class HeadersOfEveryCall(InferenceServerClientPlugin):  # type: ignore[misc]  # untyped
    """Adds the headers of a connection to each call of a client."""

    def __init__(self, connection: Connection) -> None:
        self.headers = connection.headers

    def __call__(self, request: Any) -> None:
        """Set them; the client hands over each request before it sends it."""
        request.headers = {header.name: header.value.reveal() for header in self.headers}
