"""Files of certificates and keys: what is wrong with one is said before anybody is called."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from own_authority import OwnAuthority

from audit.client.certificates import read_authorities, read_pair
from audit.client.channel import client_of
from audit.client.connection import Connection
from fairness.errors import UsageError

pytest_plugins = ["tls_fixtures"]

DAY = 86_400


def test_sound_files_are_taken_as_they_are(authority: OwnAuthority) -> None:
    certificate, key = authority.pair("sound")
    chain = authority.folder / "chain.pem"
    chain.write_bytes(certificate.read_bytes() + authority.ca.read_bytes())
    assert read_authorities(authority.ca) == authority.ca.read_bytes()
    assert read_pair(chain, key) == (chain.read_bytes(), key.read_bytes())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "--ca-cert .*absent: No such file or directory"),
        ("", "--ca-cert .*: Is a directory"),
        ("text", "--ca-cert .*text holds no certificate in PEM; openssl x509 -inform der"),
        ("empty", "holds no certificate in PEM"),
        ("broken", "holds no certificate in PEM"),
        ("key", "holds no certificate in PEM"),
        ("large", "is larger than any list of certificates"),
    ],
)
def test_a_file_of_authorities_that_is_none_is_named(
    authority: OwnAuthority, tmp_path: Path, name: str, message: str
) -> None:
    certificate, key = authority.pair("any")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_text("")
    (tmp_path / "broken").write_bytes(certificate.read_bytes().replace(b"M", b"A"))
    (tmp_path / "key").write_bytes(key.read_bytes())
    (tmp_path / "large").write_bytes(bytes(2**22 + 1))
    with pytest.raises(UsageError, match=message):
        read_authorities(tmp_path / name)


@pytest.mark.parametrize(
    ("days", "message"),
    [(20, "the certificate expired on 20.. .*get a new one"), (-20, "is not valid before 20")],
)
def test_an_authority_out_of_its_time_is_named_unless_another_is_in_it(
    authority: OwnAuthority, monkeypatch: pytest.MonkeyPatch, days: int, message: str
) -> None:
    message = message.replace("20.. ", r"20\d\d-\d\d-\d\d \d\d:\d\d UTC; ")
    fresh = OwnAuthority(authority.folder, "fresh")
    now = time.time()
    assert read_authorities(fresh.ca)
    monkeypatch.setattr(time, "time", lambda: now + days * DAY)
    with pytest.raises(UsageError, match=message):
        read_authorities(fresh.ca)


Spoil = Callable[[OwnAuthority], tuple[Path, Path]]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: a.pair("old", days=(-3, -2)), "--client-cert .*old.pem: .* expired on"),
        (
            lambda a: a.pair("young", days=(2, 3)),
            "--client-cert .*young.pem: .* not valid before",
        ),
        (
            lambda a: a.pair("hidden", password=b"x"),
            "--client-key .*hidden.key is encrypted; .*openssl pkey -in .*hidden.key",
        ),
        (
            lambda a: (a.pair("one")[0], a.pair("two")[1]),
            "--client-key .*two.key does not belong to --client-cert .*one.pem",
        ),
        (lambda a: a.pair("turned")[::-1], "--client-cert .*turned.key holds no certificate"),
        (
            lambda a: (a.pair("twice")[0],) * 2,
            "--client-key .*twice.pem holds no private key in PEM",
        ),
        (lambda a: (a.folder / "no", a.ca), "--client-cert .*no: No such file"),
        (lambda a: (a.ca, a.folder / "no"), "--client-key .*no: No such file"),
    ],
)
def test_a_pair_that_cannot_be_used_is_refused_before_any_call(
    authority: OwnAuthority, spoil: Spoil, message: str
) -> None:
    certificate, key = spoil(authority)
    connection = Connection("127.0.0.1:9", client_cert=certificate, client_key=key)
    with pytest.raises(UsageError, match=message):
        client_of(connection, 100)
