"""What is wrong with a server's certificate, or with what it wants of ours."""

import socket
import ssl
import threading
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from fake_server import FakeServer, serving
from own_authority import OwnAuthority

from audit.client.connection import Connection
from audit.client.endpoint import connect
from audit.client.handshake import fault_of_handshake
from fairness.errors import ServerError

pytest_plugins = ["tls_fixtures"]

LOCAL = ("127.0.0.1",)


def credentials(pair: tuple[Path, Path], root: Path | None = None) -> grpc.ServerCredentials:
    """Of a server; with a root it asks its clients for certificates."""
    certificate, key = (path.read_bytes() for path in pair)
    asks = root is not None
    return grpc.ssl_server_credentials(
        [(key, certificate)], root.read_bytes() if root is not None else None, asks
    )


@pytest.mark.parametrize(
    ("hosts", "days", "message"),
    [
        (LOCAL, (-3, -2), "the certificate of the server at .* has expired"),
        (LOCAL, (2, 3), "is not valid yet; see the clocks"),
        (("localhost", "10.0.0.1"), (-1, 1), "made out to localhost, 10.0.0.1, not to 127.0.0.1"),
        ((), (-1, 1), "made out to other names, not to 127.0.0.1"),
    ],
)
def test_a_server_certificate_that_fails_says_why(
    authority: OwnAuthority, hosts: tuple[str, ...], days: tuple[int, int], message: str
) -> None:
    with serving(FakeServer(), credentials=credentials(authority.pair("s", hosts, days))) as there:
        connection = Connection(there, ca_cert=authority.ca)
        with pytest.raises(ServerError, match=message), connect(connection):
            pass


def test_a_server_that_asks_for_a_certificate_and_says_so(
    authority: OwnAuthority, stranger: OwnAuthority
) -> None:
    asking = credentials(authority.pair("asking", LOCAL), authority.ca)
    mine, other = authority.pair("mine"), stranger.pair("other")
    with serving(FakeServer(), credentials=asking) as there:
        without = Connection(there, ca_cert=authority.ca)
        with pytest.raises(ServerError, match="asks for a certificate of the"), connect(without):
            pass
        strange = Connection(there, True, authority.ca, *other)
        with (
            pytest.raises(ServerError, match="refuses --client-cert .*other.pem"),
            connect(strange),
        ):
            pass
        with connect(Connection(there, True, authority.ca, *mine)) as client:
            assert client.endpoint == there


def test_a_certificate_that_only_this_machine_trusts_leads_to_the_flag(
    authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    with serving(FakeServer(), credentials=credentials(authority.pair("s", LOCAL))) as there:
        message = "gRPC does not trust the certificate of .*though this machine does.*--ca-cert"
        with pytest.raises(ServerError, match=message), connect(Connection(there, tls=True)):
            pass
        assert fault_of_handshake(Connection(there, tls=True), "Socket closed") is None


def test_a_port_with_tls_but_without_http_2_is_no_grpc_port(authority: OwnAuthority) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.pair("web", LOCAL))
    with closing(socket.create_server((*LOCAL, 0))) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with closing(context.wrap_socket(connection, server_side=True)) as secure:
                secure.recv(1)

        threading.Thread(target=greet, daemon=True).start()
        there = f"127.0.0.1:{listening.getsockname()[1]}"
        fault = fault_of_handshake(Connection(there, ca_cert=authority.ca), "")
    assert fault is not None
    assert "speaks TLS, but no HTTP/2, so no gRPC" in fault
