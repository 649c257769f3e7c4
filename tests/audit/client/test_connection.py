"""Flags of a connection that make no sense together, or would give a token away."""

from pathlib import Path
from typing import Any

import pytest

from audit.client.connection import Connection
from audit.client.headers import Header, Secret
from fairness.errors import UsageError

PEM = Path("x.pem")
TOKEN = (Header("authorization", Secret("Bearer x")),)
AWAY = "triton.h.org:8001"


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("flags", "secure"),
    [
        ({}, False),
        ({"tls": True}, True),
        ({"ca_cert": PEM}, True),
        ({"client_cert": PEM, "client_key": PEM}, True),
        ({"endpoint": "localhost:8001", "headers": TOKEN}, False),
        ({"endpoint": "127.8.0.1:8001", "headers": TOKEN}, False),
        ({"endpoint": "[::1]:8001", "headers": TOKEN}, False),
        ({"endpoint": AWAY, "headers": TOKEN, "tls": True}, True),
        ({"endpoint": AWAY, "headers": TOKEN, "headers_in_clear": True}, False),
    ],
)
def test_flags_are_taken_and_certificates_imply_tls(flags: dict[str, Any], secure: bool) -> None:
    assert Connection(**flags).secure is secure


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"client_cert": PEM}, "--client-cert goes with its --client-key"),
        ({"client_key": PEM}, "--client-key goes with its --client-cert"),
        ({"headers": TOKEN * 2}, "--header authorization is there twice"),
        ({"endpoint": AWAY, "headers": TOKEN}, "unencrypted, over the network; add --tls"),
        ({"endpoint": "localhost.h.org:1", "headers": TOKEN}, "over the network"),
        ({"endpoint": "10.0.0.1:8001", "headers": TOKEN}, "or --headers-in-clear where"),
    ],
)
def test_flags_are_refused(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Connection(**flags)


def test_a_token_does_not_go_through_a_proxy_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    with pytest.raises(UsageError, match=r"unencrypted, through the proxy of \$http_proxy"):
        Connection(headers=TOKEN)
    assert Connection(headers=TOKEN, tls=True).secure
