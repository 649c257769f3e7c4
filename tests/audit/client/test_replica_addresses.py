"""Which servers `--endpoint` means; no name is looked up but in the table of these tests."""

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from audit.client.channel import arguments_of
from audit.client.connection import Connection
from audit.client.headers import Header, Secret
from audit.client.replica_addresses import servers_of, with_one_endpoint
from fairness.errors import UsageError

ADDRESSES = {
    "three.svc": ["10.0.0.7", "10.0.0.2", "10.0.0.7", "10.0.0.5", "fd00::1"],
    "one.svc": ["10.0.0.9", "fd00::9"],
    "six.svc": ["fd00::3", "fd00::2"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        if host not in ADDRESSES:
            raise socket.gaierror("not known")
        six = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(six[":" in at], 1, 6, "", (at, port)) for at in ADDRESSES[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("h:8001", ["h:8001"]),
        ("a:1, b:2,10.0.0.1:3", ["a:1", "b:2", "10.0.0.1:3"]),
        ("three.svc:8001", ["10.0.0.2:8001", "10.0.0.5:8001", "10.0.0.7:8001"]),
        ("dns:///one.svc:8001,b:2", ["one.svc:8001", "b:2"]),
        ("dns:///six.svc:8001", ["[fd00::2]:8001", "[fd00::3]:8001"]),
        ("http://three.svc:8000,http://b:1", ["http://three.svc:8000", "http://b:1"]),
    ],
)
def test_addresses_and_names_become_servers(endpoint: str, expected: list[str]) -> None:
    told: list[str] = []
    assert [one.endpoint for one in servers_of(Connection(endpoint), told.append)] == expected
    assert len(told) == any(name in endpoint for name in ("dns:///six", "three.svc:8001"))


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("a:1,,b:2", "an address between the commas is missing"),
        ("a:1,b:2,a:1", "a:1 is there twice"),
        ("a:1,b", "'b': give HOST:PORT of gRPC"),
        ("dns:///a", "give HOST:PORT of gRPC"),
        ("dns://8.8.8.8/a:1", "has no 'dns://' before it"),
        ("a:1,grpc://b:2", "has no 'grpc://' before it"),
    ],
)
def test_what_is_no_list_of_addresses_is_refused(endpoint: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Connection(endpoint)


def test_each_of_several_must_be_fit_for_headers() -> None:
    token = (Header("authorization", Secret("Bearer x")),)
    with pytest.raises(UsageError, match="would go to far:1 unencrypted"):
        Connection("localhost:1,far:1", headers=token)


def test_calls_to_an_address_of_a_name_go_to_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", ".svc")
    first, *_ = servers_of(Connection("three.svc:8001", tls=True), lambda _: None)
    found = dict(arguments_of(first, 2**20))
    assert found["grpc.ssl_target_name_override"] == "three.svc"
    assert found["grpc.default_authority"] == "three.svc:8001"
    assert found["grpc.enable_http_proxy"] == 0
    assert "grpc.default_authority" not in dict(arguments_of(Connection("three.svc:8001"), 2**20))


def test_a_name_behind_a_proxy_is_left_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    (one,) = servers_of(Connection("three.svc:8001"), lambda _: None)
    assert (one.endpoint, one.server_name) == ("three.svc:8001", "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--endpoint a:1 -m x", "--endpoint a:1 -m x"),
        ("-m x --endpoint a:1 --out o --endpoint=b:2,c:3", "-m x --endpoint a:1,b:2,c:3 --out o"),
        ("--endpoint a:1 --endpoint", "--endpoint a:1 --endpoint"),
        ("parity --against-endpoint a:1", "parity --against-endpoint a:1"),
    ],
)  # fmt: skip
def test_several_flags_become_one(words: str, expected: str) -> None:
    found: Sequence[str] = with_one_endpoint(words.split())
    assert list(found) == expected.split()
