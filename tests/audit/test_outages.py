"""A real server that goes away in the middle of an audit and comes back: the run goes on."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from fair_audit_runs import answered, audit, begun, failure
from killable_server import KillableServer, killable
from served import SPEC, mean_grey, with_probes, write_model
from served_slowly import write_slow_model

from audit.cli import run
from audit.client.transport import Request
from audit.client.watch import WatchedTransport
from audit.client.wire import Output
from audit.records.journal import Journal

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--worst", 0)
Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableServer]:
    """A server of these tests' own, which each test leaves running."""
    repository = tmp_path_factory.mktemp("own")
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    write_model(repository, "plain", SPEC, mean_grey())
    write_slow_model(repository, "slow", SPEC, seconds=0.1)
    with killable(repository) as running:
        yield running


@pytest.fixture(scope="module")
def expected(
    server: KillableServer, split_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """groups.csv of an undisturbed run of `sound`."""
    run = tmp_path_factory.mktemp("whole") / "run"
    flags = ("--model", "sound", "--data", split_root, *QUICK, "--out", run)
    assert audit(server.endpoint, *flags) == 0
    return groups_of(run)


def groups_of(run: Path) -> bytes:
    return (run / "report" / "groups.csv").read_bytes()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once, when five batches have been recorded."""
    record, done = Journal.record, []

    def register(act: Callable[[], None]) -> None:
        def recording(self: Journal, readings: object) -> None:
            record(self, readings)  # type: ignore[arg-type]
            done.append(self)
            if len(done) == 5:
                act()

        monkeypatch.setattr(Journal, "record", recording)

    return register


def later(act: Callable[[], None], seconds: float) -> None:
    def wait() -> None:
        time.sleep(seconds)
        act()

    threading.Thread(target=wait).start()


def test_a_killed_server_that_is_started_again_costs_nothing(
    server: KillableServer, split_root: Path, tmp_path: Path, meanwhile: Meanwhile,
    expected: bytes, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def restart() -> None:
        server.kill()
        later(server.start, 0.5)

    meanwhile(restart)
    flags = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run", *QUICK)
    assert audit(server.endpoint, *flags) == 0
    told = capsys.readouterr().out
    assert "note: waiting for the server, up to 120 s: model" in told
    assert "note: the server is back after" in told
    assert groups_of(tmp_path / "run") == expected
    assert answered(tmp_path / "run" / "records" / "journal.sqlite") == 90


@pytest.mark.further
def test_a_killed_stub_is_waited_for_until_the_server_is_started_again(
    server: KillableServer, split_root: Path, tmp_path: Path, meanwhile: Meanwhile,
    expected: bytes, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def restart() -> None:
        server.kill()
        server.start()

    def kill() -> None:
        server.kill_stub()
        later(restart, 1.0)

    meanwhile(kill)
    flags = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run", *QUICK)
    assert audit(server.endpoint, *flags) == 0
    assert "note: waiting for the server, up to 120 s: " in capsys.readouterr().out
    assert groups_of(tmp_path / "run") == expected


def test_a_server_that_comes_back_with_another_model_ends_the_run(
    server: KillableServer, split_root: Path, tmp_path: Path, meanwhile: Meanwhile,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = server.repository / "plain" / "1" / "model.onnx"

    def replace() -> None:
        server.kill()
        file.write_bytes(mean_grey(300.0))
        server.start()

    meanwhile(replace)
    flags = ("--model", "plain", "--data", split_root, "--out", tmp_path / "run", *QUICK)
    line = failure(capsys, 3, server.endpoint, *flags)
    assert "while it answered, another took its place" in line
    assert "answers score differently now" in line
    assert not (tmp_path / "run" / "report").exists()


@pytest.mark.further
def test_a_server_that_stays_away_is_given_up_in_time(
    server: KillableServer, split_root: Path, tmp_path: Path, meanwhile: Meanwhile,
    expected: bytes, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    meanwhile(server.kill)
    flags = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run", *QUICK)
    line = failure(capsys, 3, server.endpoint, *flags, "--retry-for", 1)
    assert line.startswith("fair-audit: waited 1 s for it in vain: ")
    assert line.endswith("after that go on with the same command and --resume")
    server.start()
    assert audit(server.endpoint, *flags, "--resume") == 0
    assert groups_of(tmp_path / "run") == expected


@pytest.mark.further
def test_a_killed_client_goes_on_where_it_was(
    server: KillableServer, split_root: Path, tmp_path: Path
) -> None:
    flags = ("--model", "slow", "--data", split_root, *QUICK, "--out")
    run = tmp_path / "run"
    client = begun(server.endpoint, *flags, run)
    while answered(run / "records" / "journal.sqlite") < 8:
        assert client.poll() is None
        time.sleep(0.01)
    client.kill()
    assert client.wait() == -signal.SIGKILL
    assert answered(run / "records" / "journal.sqlite") < 90
    assert audit(server.endpoint, *flags, run, "--resume") == 0
    assert audit(server.endpoint, *flags, tmp_path / "whole") == 0
    assert groups_of(run) == groups_of(tmp_path / "whole")


@pytest.mark.further
@pytest.mark.parametrize("command", ["parity", "repeat"])
def test_parity_and_repeat_wait_for_the_server_too(
    server: KillableServer, split_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], command: str,
) -> None:  # fmt: skip
    send, sent = WatchedTransport.send, []

    def sending(self: WatchedTransport, request: Request) -> "Future[list[Output]]":
        sent.append(request)
        if len(sent) == 5:
            server.kill()
            later(server.start, 0.5)
        return send(self, request)

    monkeypatch.setattr(WatchedTransport, "send", sending)
    flags = {
        "parity": ("--against-model", "plain", "--replicates", 100, "--out", tmp_path / "out"),
        "repeat": ("-n", 24, "--out", tmp_path / "repeat.json"),
    }
    asked = ("--endpoint", server.endpoint, "--model", "sound", "--data", split_root)
    assert run([command, *map(str, (*asked, *flags[command]))]) == 0
    assert "note: the server is back after" in capsys.readouterr().out
    if command == "parity":
        apart = json.loads((tmp_path / "out" / "parity.json").read_text())["apart"]
        assert {(one["n"], one["largest"]) for one in apart if one["group"] == "all"} == {(90, 0.0)}
