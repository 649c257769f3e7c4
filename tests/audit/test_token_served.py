"""Audits through a gateway that asks for a token, which then stands nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fair_audit_runs import failure
from fake_server import FakeServer, serving
from token_guard import TokenGuard

from audit.cli import run

pytest_plugins = ["audit_fixtures"]

TOKEN = "eyJhbGciOi.Very-Secret.0123456789"
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from audit.cli import run; sys.exit(run(sys.argv[1:]))",
]
EVERY_CALL = {
    "ServerReady", "ServerMetadata", "ModelReady", "ModelMetadata", "ModelConfig",
    "ModelStatistics", "RepositoryIndex", "ModelInfer",
}  # fmt: skip


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def command(endpoint: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """`fair-audit` in a process of its own, so that gRPC's own lines are seen too."""
    words = [*COMMAND, "--endpoint", endpoint, "--debug", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, "T": TOKEN})


@pytest.mark.further
def test_every_call_carries_the_token_and_nothing_holds_it(
    split_root: Path, tmp_path: Path
) -> None:
    guard, out = TokenGuard("authorization", f"Bearer {TOKEN}"), tmp_path / "out"
    header = ("--header", "Authorization: Bearer env:T")
    with serving(FakeServer(), [guard]) as endpoint:
        done = command(endpoint, "--data", split_root, "--replicates", 100, "--out", out, *header)
    assert done.returncode == 0, done.stderr
    assert (guard.admitted, guard.refused) == (EVERY_CALL, set())
    kept = bytes_below(out)
    assert endpoint.encode() in kept
    assert TOKEN.encode() not in kept
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("only", ["ServerReady", "ModelInfer"])
def test_a_refusal_that_repeats_the_token_is_shown_without_it(
    split_root: Path, tmp_path: Path, only: str
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    guard = TokenGuard("authorization", f"Bearer {TOKEN}", only=only)
    header = ("--header", f"authorization: Bearer file:{tmp_path / 'token'}")
    out = tmp_path / "out"
    with serving(FakeServer(), [guard]) as endpoint:
        done = command(endpoint, "--model", "m", "--data", split_root, "--out", out, *header)
    assert done.returncode == 3
    assert guard.refused == {only}
    assert "Traceback" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert "refuses the call (UNAUTHENTICATED: no entry with '***')" in last
    assert "sent was --header authorization; check its value" in last
    assert TOKEN not in done.stdout + done.stderr
    assert TOKEN.encode() not in bytes_below(out)


def test_a_server_that_refuses_strangers_leads_to_the_flag(
    split_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(FakeServer(), [TokenGuard("authorization", "Bearer x")]) as endpoint:
        line = failure(capsys, 3, endpoint, "--data", split_root)
    assert "refuses the call (UNAUTHENTICATED: no entry with '')" in line
    assert "name a token with --header 'authorization: Bearer env:TOKEN'" in line


@pytest.mark.parametrize(
    "words",
    [
        ("--headr", f"authorization: Bearer {TOKEN}"),
        (f"--headr=authorization: Bearer {TOKEN}",),
        ("--header", "authorization:", "Bearer", TOKEN),
        ("--header", f"Bearer {TOKEN}"),
        ("--header", f"authorization: Bearer {TOKEN}", f"x-key: {TOKEN}"),
        ("--header", f"authorization: {TOKEN}\r\nx: y"),
        ("--header", f"grpc-{TOKEN}: {TOKEN}"),
        ("--header", f"authorization: Bearer {TOKEN}", "--header", f"authorization: {TOKEN}"),
    ],
)
@pytest.mark.parametrize("first", [(), ("init", "--model", "m")])
def test_a_header_that_is_written_wrongly_is_not_repeated(
    capsys: pytest.CaptureFixture[str], first: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert run([*first, *words, "--debug"]) == 2
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1].startswith("fair-audit: ")
    assert TOKEN not in shown.out + shown.err
