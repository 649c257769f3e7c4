"""Which failures of a REST server are worth another try, and which are not."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from audit.client.connection import Connection
from audit.client.failures import GoneError, RefusedError, TooLargeError
from audit.client.rest import RestServer
from audit.client.rest_address import address_of
from audit.client.rest_call import Reply
from audit.client.rest_failures import refused
from fairness.errors import ServerError


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, b"", GoneError),
        (429, b"", GoneError),
        (502, b"<html>bad gateway</html>", GoneError),
        (404, b'{"error": "unknown model"}', GoneError),
        (500, b'{"error": "Stub process \'m_0_0\' is not healthy."}', GoneError),
        (500, b'{"error": "bad shape"}', ServerError),
        (400, b'{"error": "unexpected shape"}', ServerError),
        (401, b"", RefusedError),
        (413, b"", TooLargeError),
    ],
)
def test_a_status_may_pass_or_not(status: int, body: bytes, kind: type[ServerError]) -> None:
    found = refused(Reply(status, body, None), Connection("http://h:8000"), "m")
    assert type(found) is kind


@pytest.fixture(params=[b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that hangs up, at once or in the middle of its answer."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with closing(connection):
                    connection.recv(2**16)
                    connection.sendall(request.param)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def asked(endpoint: str) -> None:
    connection = Connection(endpoint)
    with ThreadPoolExecutor(1) as pool:
        RestServer(address_of(connection), connection, 2**20, pool).count("m", "1")


def test_a_connection_that_breaks_may_be_better_next_time(broken: str) -> None:
    with pytest.raises(GoneError, match="went away"):
        asked(broken)


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(GoneError, match="went away"):
        asked(endpoint)
