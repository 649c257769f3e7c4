"""What a failed call says: who went away, who listens in a server's place, and what to do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from tritonclient.utils import InferenceServerException

from audit.client.address import (
    RestUrl,
    check_address,
    proxy_for,
    rest_url,
    speaks_http,
    speaks_tls,
)
from audit.client.connection import Connection
from audit.client.endpoint import connect
from audit.client.failures import GoneError, RefusedError, explained
from fairness.errors import ServerError, UsageError

Listener = Callable[[bytes], str]
ALERT = b"\x15\x03\x01\x00\x02\x02\x28"  # a fatal TLS alert: the handshake failed
HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Something that gives one answer to everybody who connects."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def listen(answer: bytes) -> str:
            def serve() -> None:
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with closing(connection):
                        connection.recv(1024)
                        connection.sendall(answer)

            threading.Thread(target=serve, daemon=True).start()
            return f"127.0.0.1:{server.getsockname()[1]}"

        yield listen


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("dns://h:8001", "no 'dns://' before it; give HOST:PORT alone, as h:8001"),
        ("http://", "give http://HOST:PORT of REST"),
        ("http://h:0", "give http://HOST:PORT of REST"),
        ("http://user:secret@h", "give http://HOST:PORT of REST"),
        ("http://h:8000/v2?x=1", "give http://HOST:PORT of REST"),
        ("http://h:8000/a b", "give http://HOST:PORT of REST"),
        ("grpc://h", "no 'grpc://' before it; give HOST:PORT alone, as h,"),
        ("localhost", "give HOST:PORT"),
        (":8001", "give HOST:PORT"),
        ("", "give HOST:PORT"),
        ("h:0", "give HOST:PORT"),
        ("h:65536", "give HOST:PORT"),
        ("h:8001/", "give HOST:PORT"),
        ("h:80 01", "give HOST:PORT"),
        ("::1:8001", "give HOST:PORT"),
        ("h:٣", "give HOST:PORT"),
    ],
)
def test_an_address_that_is_none_is_refused(endpoint: str, message: str) -> None:
    with pytest.raises(UsageError, match=message), connect(Connection(endpoint)):
        pass


@pytest.mark.parametrize("endpoint", ["localhost:8001", "[::1]:8001", "10.0.0.1:1", "a-b.c:65535"])
def test_an_address_is_taken(endpoint: str) -> None:
    assert check_address(endpoint) is None  # type: ignore[func-returns-value]  # it raised otherwise


@pytest.mark.parametrize(
    ("endpoint", "host", "port", "prefix"),
    [
        ("http://localhost:8000", "localhost", 8000, ""),
        ("http://h", "h", 80, ""),
        ("https://h/v2/", "h", 443, ""),
        ("http://[::1]:1/models/m-1/v2", "::1", 1, "/models/m-1"),
    ],
)
def test_an_address_of_rest_may_have_a_path(
    endpoint: str, host: str, port: int, prefix: str
) -> None:
    assert rest_url(endpoint) == RestUrl(host, port, prefix, endpoint.startswith("https"))


@pytest.mark.parametrize(
    ("answer", "tls", "http", "message"),
    [
        (ALERT, True, False, "speaks TLS; add --tls, and --ca-cert FILE"),
        (HTTP, False, True, "is an HTTP port.*or http://127.0.0.1:.* for REST"),
        (b"", False, False, "no server answers at .*start one"),
    ],
)
def test_who_listens_in_a_servers_place_is_named(
    listener: Listener, answer: bytes, tls: bool, http: bool, message: str
) -> None:
    endpoint = listener(answer)
    assert speaks_tls(endpoint) is tls
    assert speaks_http(endpoint) is http
    with pytest.raises(ServerError, match=message), connect(Connection(endpoint)):
        pass


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "grpc_proxy"])
def test_a_proxy_in_the_environment_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://user:secret@127.0.0.1:9")
    expected = rf"127.0.0.1:8001 through the proxy that \${name} names.*no_proxy=127.0.0.1"
    with (
        pytest.raises(ServerError, match=expected) as caught,
        connect(Connection("127.0.0.1:8001")),
    ):
        pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"http_proxy": "p"}, "http_proxy"),
        ({"http_proxy": "p", "grpc_proxy": "q"}, "grpc_proxy"),
        ({"http_proxy": ""}, None),
        ({"HTTP_PROXY": "p", "all_proxy": "p"}, None),  # gRPC heeds neither
        ({"http_proxy": "p", "no_proxy": "x, h.org"}, None),
        ({"http_proxy": "p", "no_proxy": "org"}, None),
        ({"http_proxy": "p", "no_proxy": "other,"}, "http_proxy"),
        ({"http_proxy": "p", "no_grpc_proxy": "other", "no_proxy": "org"}, "http_proxy"),
    ],
)
def test_which_proxy_grpc_takes(environment: dict[str, str], expected: str | None) -> None:
    assert proxy_for("triton.h.org:8001", environment) == expected


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        ("UNAVAILABLE", "Socket closed", r"went away \(Socket closed\).*start it again"),
        ("UNAVAILABLE", "Request for unknown model: 'm' is not found", "is no longer loaded"),
        ("UNAVAILABLE", "unknown model: 'm' version 1 is not at ready state", "no longer loaded"),
        ("INVALID_ARGUMENT", "requested model 'm' is not available", "no longer loaded"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", "took too long to answer"),
        ("RESOURCE_EXHAUSTED", "Received message larger than max (9 vs. 8)", "do not trust it"),
        ("INTERNAL", "Stub process 'm_0_0' is not healthy.", "backend process of model 'm'.*died"),
        ("INVALID_ARGUMENT", "unexpected\n shape", "refused: unexpected shape .INVALID_ARGUMENT"),
    ],
)
def test_a_failed_call_says_what_it_is(status: str, text: str, message: str) -> None:
    error = InferenceServerException(text, status=f"StatusCode.{status}")
    line = str(explained(error, Connection("h:8001"), "m"))
    with pytest.raises(ServerError, match=message):
        raise explained(error, Connection("h:8001"), "m")
    assert "h:8001" in line
    assert "--resume" not in line  # whoever knows of a run says so


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        ("UNAVAILABLE", "recvmsg:Connection reset by peer", GoneError),
        ("UNAVAILABLE", "Request for unknown model: 'm' is not found", GoneError),
        ("UNAVAILABLE", "Exceeds maximum queue size", GoneError),
        ("CANCELLED", "CANCELLED", GoneError),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", GoneError),
        ("INTERNAL", "Received RST_STREAM with error code 2", GoneError),
        ("INTERNAL", "Stub process 'm_0_0' is not healthy.", GoneError),
        ("UNAUTHENTICATED", "who are you?", RefusedError),
        ("PERMISSION_DENIED", "not you", RefusedError),
        (
            "UNAVAILABLE",
            "This protocol is restricted, expecting header 'triton-grpc-protocol-infer-key'",
            RefusedError,
        ),
        ("INTERNAL", "onnxruntime: bad shape", ServerError),
        ("INVALID_ARGUMENT", "unexpected shape", ServerError),
        ("RESOURCE_EXHAUSTED", "Received message larger than max (9 vs. 8)", ServerError),
    ],
)
def test_only_what_may_pass_is_asked_again(status: str, text: str, kind: type[ServerError]) -> None:
    error = InferenceServerException(text, status=f"StatusCode.{status}")
    assert type(explained(error, Connection("h:8001"), "m")) is kind
