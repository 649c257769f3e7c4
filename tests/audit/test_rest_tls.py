"""REST with TLS, certificates and tokens: the same flags as gRPC's, the same lines."""

import ssl
from pathlib import Path

import pytest
from fake_rest import FakeRest, rest_serving
from own_authority import OwnAuthority

from audit.client.connection import Connection
from audit.client.endpoint import connect
from audit.client.headers import Header, Secret
from fairness.errors import ServerError, UsageError

pytest_plugins = ["tls_fixtures"]

TOKEN = "Bearer Very-Secret.0123456789"
HEADERS = (Header("authorization", Secret(TOKEN)),)


def context_of(pair: tuple[Path, Path], clients: Path | None = None) -> ssl.SSLContext:
    """A server's, which asks for certificates that `clients` signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_a_server_with_a_certificate_is_asked(authority: OwnAuthority) -> None:
    tls = context_of(authority.pair("rest", ("127.0.0.1",)))
    with (
        rest_serving(FakeRest(token=TOKEN), tls) as endpoint,
        connect(Connection(endpoint, ca_cert=authority.ca, headers=HEADERS)) as server,
    ):
        assert server.about().name == "rest"
        assert [tensor.name for tensor in server.metadata("m", "").inputs] == ["image"]
        assert (server.config("m", ""), server.index(), server.count("m", "")) == (None,) * 3


def test_a_certificate_of_ours_is_shown(authority: OwnAuthority, stranger: OwnAuthority) -> None:
    tls = context_of(authority.pair("mutual", ("127.0.0.1",)), authority.ca)
    mine, other = authority.pair("me"), stranger.pair("other")
    with rest_serving(FakeRest(), tls) as endpoint:
        with connect(Connection(endpoint, False, authority.ca, *mine)) as server:
            assert server.is_ready("m", "")
        for pair, message in (
            ((None, None), "asks for a certificate of the client; give it with --client-cert"),
            (other, "refuses --client-cert .*other.pem"),
        ):
            refused = Connection(endpoint, False, authority.ca, *pair)
            with pytest.raises(ServerError, match=message), connect(refused):
                pass


def test_what_is_wrong_with_tls_is_one_line(
    authority: OwnAuthority, stranger: OwnAuthority
) -> None:
    tls = context_of(authority.pair("rest", ("127.0.0.1",)))
    elsewhere = context_of(authority.pair("elsewhere", ("ward.org",)))
    old = context_of(authority.pair("old", ("127.0.0.1",), (-3, -2)))
    with rest_serving(FakeRest(), tls) as endpoint:
        plain = endpoint.replace("https", "http")
        for connection, message in (
            (Connection(endpoint), "is not known here"),
            (Connection(endpoint, ca_cert=stranger.ca), r"is not signed by --ca-cert .*stranger"),
            (Connection(plain), "speaks TLS; give https://"),
        ):
            with pytest.raises(ServerError, match=message), connect(connection):
                pass
    for context, message in ((elsewhere, "made out to ward.org, not to"), (old, "has expired")):
        with (
            rest_serving(FakeRest(), context) as endpoint,
            pytest.raises(ServerError, match=message),
            connect(Connection(endpoint, ca_cert=authority.ca)),
        ):
            pass
    with (
        rest_serving(FakeRest()) as endpoint,
        pytest.raises(ServerError, match="speaks no TLS"),
        connect(Connection(endpoint.replace("http", "https"), ca_cert=authority.ca)),
    ):
        pass


def test_a_token_that_is_refused_is_not_shown() -> None:
    with (
        rest_serving(FakeRest(token="Bearer another")) as endpoint,
        pytest.raises(ServerError, match=r"refuses the call \(HTTP 401: no entry with '\*\*\*'\)"),
        connect(Connection(endpoint, headers=HEADERS)),
    ):
        pass


def test_a_token_goes_to_other_machines_by_tls_only() -> None:
    with pytest.raises(UsageError, match="would go to http://h.org unencrypted"):
        Connection("http://h.org", headers=HEADERS)
    assert Connection("https://h.org", headers=HEADERS).secure
    with pytest.raises(UsageError, match="http:// is without TLS; give https://"):
        Connection("http://h.org", tls=True)
