"""Audits of a real Triton server by TLS, with and without certificates of the client."""

import re
from pathlib import Path

import pytest
from fair_audit_runs import audit, failure
from own_authority import OwnAuthority

from audit.cli import run

pytest_plugins = ["audit_fixtures", "tls_fixtures"]

Files = dict[str, Path]


@pytest.fixture(scope="module")
def files(authority: OwnAuthority, stranger: OwnAuthority) -> Files:
    """Files of certificates and keys by names that parametrised tests use."""
    pairs = {"mine": authority.pair("mine"), "other": stranger.pair("other")}
    found = {"ca": authority.ca, "strange_ca": stranger.ca}
    for name, (certificate, key) in pairs.items():
        found |= {name: certificate, f"{name}_key": key}
    return found


CA = ("--ca-cert", "ca")
MINE = ("--client-cert", "mine", "--client-key", "mine_key")


def flags_of(words: tuple[str, ...], files: Files) -> list[str]:
    return [str(files.get(word, word)) for word in words]


@pytest.mark.further
def test_audits_by_tls_report_what_one_without_reports(
    tls_endpoint: str, mutual_endpoint: str, endpoint: str, split_root: Path, tmp_path: Path,
    files: Files,
) -> None:  # fmt: skip
    asked = ("--model", "sound", "--data", split_root, "--replicates", 100)
    by_name = tls_endpoint.replace("127.0.0.1", "localhost")
    servers = {by_name: CA, mutual_endpoint: ("--tls", *CA, *MINE), endpoint: ()}
    tables = set()
    for number, (server, words) in enumerate(servers.items()):
        out = tmp_path / str(number)
        assert audit(server, *asked, "--out", out, *flags_of(words, files)) == 0
        tables.add((out / "report" / "groups.csv").read_bytes())
    assert len(tables) == 1


@pytest.mark.parametrize(
    ("server", "words", "message"),
    [
        ("tls_endpoint", (), "speaks TLS; add --tls, and --ca-cert FILE"),
        ("tls_endpoint", ("--tls",), "by an authority that is not known here.*with --ca-cert"),
        ("tls_endpoint", ("--ca-cert", "strange_ca"), "is not signed by --ca-cert .*stranger.pem"),
        ("mutual_endpoint", (), "speaks TLS; add --tls"),
        ("mutual_endpoint", CA, "asks for a certificate of the client; give it with --client-cert"),
        (
            "mutual_endpoint",
            (*CA, "--client-cert", "other", "--client-key", "other_key"),
            "refuses --client-cert .*other.pem",
        ),
        ("mutual_endpoint", ("--ca-cert", "strange_ca", *MINE), "is not signed by --ca-cert"),
        ("endpoint", ("--tls",), "speaks no TLS; leave out --tls and the certificates"),
        ("endpoint", (*CA, *MINE), "speaks no TLS; leave out --tls and the certificates"),
    ],
)
def test_a_connection_that_fails_says_why(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    files: Files, server: str, words: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    there, flags = request.getfixturevalue(server), flags_of(words, files)
    line = failure(capsys, 3, there, "--model", "sound", "--out", tmp_path / "run", *flags)
    assert re.search(message, line)
    assert there in line
    assert not (tmp_path / "run").exists()


def test_init_by_mutual_tls_names_the_flags_of_the_audit(
    mutual_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    files: Files,
) -> None:  # fmt: skip
    flags = ["--endpoint", mutual_endpoint, *flags_of((*CA, *MINE), files)]
    out = ["--out", str(tmp_path / "model.yaml")]
    assert run(["init", "--model", "bare", *flags, *out]) == 0
    assert f"fair-audit {' '.join(flags)} --model bare --spec" in capsys.readouterr().out
