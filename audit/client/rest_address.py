"""Where and how a REST server is called: address, TLS, headers."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.client.address import rest_url
from audit.client.certificates import read_authorities, read_pair
from audit.client.connection import Connection
from fairness.errors import UsageError


@dataclass(frozen=True)
class Address:
    """Of a REST server."""

    host: str
    port: int
    prefix: str = ""
    """Before every path."""
    tls: ssl.SSLContext | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """With every call; their values are secrets."""


def address_of(connection: Connection) -> Address:
    """The address that a connection to a REST server means.

    Raises:
        UsageError: a certificate or a key cannot be used.
    """
    url = rest_url(connection.endpoint)
    if url is None:
        raise UsageError(f"--endpoint {connection.endpoint}: give http://HOST:PORT of REST")
    headers = {header.name: header.value.reveal() for header in connection.headers}
    tls = context_of(connection) if url.secure else None
    return Address(url.host, url.port, url.prefix, tls, headers)


def context_of(connection: Connection) -> ssl.SSLContext:
    """Authorities, certificate and key; without --ca-cert the authorities of this machine.

    Raises:
        UsageError: a certificate or a key cannot be used.
    """
    if connection.ca_cert is not None:
        read_authorities(connection.ca_cert)  # says what is wrong with it
    context = ssl.create_default_context(cafile=connection.ca_cert)
    if connection.client_cert is not None and connection.client_key is not None:
        read_pair(connection.client_cert, connection.client_key)
        context.load_cert_chain(connection.client_cert, connection.client_key)
    return context
