"""Two real servers of which some are killed in mid-run: the same bytes, and who answered what."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from fair_audit_runs import answered, audit, failure
from killable_server import KillableServer, killable
from served import SPEC, mean_grey, with_probes, write_model

from audit.client.replica import Replica
from audit.client.replicas import Replicas
from audit.records.journal import Journal

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further

QUICK = ("--model", "sound", "--replicates", 100, "--worst", 0, "--in-flight", 1)
Pair = tuple[KillableServer, KillableServer]
AtBatch = Callable[[int, Callable[[], None]], None]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two servers, each with a repository of its own; each test leaves both running."""
    repositories = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    for repository in repositories:
        write_model(repository, "sound", with_probes(SPEC), mean_grey())
    with killable(repositories[0]) as first, killable(repositories[1]) as second:
        yield first, second


@pytest.fixture(scope="module")
def expected(servers: Pair, split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """groups.csv of an undisturbed run on one of them."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert audit(servers[0].endpoint, *QUICK, "--data", split_root, "--out", run) == 0
    return (run / "report" / "groups.csv").read_bytes()


@pytest.fixture
def at_batch(monkeypatch: pytest.MonkeyPatch) -> AtBatch:
    """Does something when so many batches have been recorded."""
    record, acts = Journal.record, dict[int, Callable[[], None]]()
    done: list[object] = []

    def recording(self: Journal, readings: object) -> None:
        record(self, readings)  # type: ignore[arg-type]
        done.append(self)
        acts.get(len(done), lambda: None)()

    monkeypatch.setattr(Journal, "record", recording)
    monkeypatch.setattr("audit.client.keeper.LONGEST", 0.2)
    return acts.__setitem__


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Images that each replica had answered when it was taken back."""
    take_back, found = Replicas.take_back, list[int]()

    def taking(self: Replicas, one: Replica, *, ended: bool = False) -> None:
        away = one.fault is not None
        take_back(self, one, ended=ended)
        if away:
            found.append(one.images)

    monkeypatch.setattr(Replicas, "take_back", taking)
    return found


def told(run: Path) -> dict[str, dict[str, object]]:
    about = json.loads((run / "report" / "report.json").read_text())["provenance"]
    return {said["endpoint"]: said for said in about["replicas"]}


def both(servers: Pair) -> str:
    return ",".join(server.endpoint for server in servers)


def test_one_that_is_killed_leaves_its_work_to_the_other(
    servers: Pair, split_root: Path, tmp_path: Path, at_batch: AtBatch, expected: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    at_batch(6, servers[1].kill)
    run = tmp_path / "run"
    assert audit(both(servers), *QUICK, "--data", split_root, "--out", run) == 0
    servers[1].start()
    assert (
        f"note: {servers[1].endpoint} dropped out, the other goes on: " in capsys.readouterr().out
    )
    assert (run / "report" / "groups.csv").read_bytes() == expected
    first, second = (told(run)[server.endpoint] for server in servers)
    assert (first["absences"], second["absences"]) == (0, 1)
    counts = (int(str(first["images"])), int(str(second["images"])))
    assert sum(counts) == 90
    assert counts[0] > 60 > counts[1] > 0


def test_one_that_is_started_again_is_proved_and_answers_again(
    servers: Pair, split_root: Path, tmp_path: Path, at_batch: AtBatch, expected: bytes,
    back: list[int], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    at_batch(5, servers[1].kill)
    at_batch(8, servers[1].start)
    for number in range(9, 20):  # goes on when it is back, at the latest after ten seconds
        at_batch(number, lambda: None if back else wait())
    run = tmp_path / "run"
    assert audit(both(servers), *QUICK, "--data", split_root, "--out", run) == 0
    assert f"note: {servers[1].endpoint} is back and serves the same model" in (
        capsys.readouterr().out
    )
    assert (run / "report" / "groups.csv").read_bytes() == expected
    second = told(run)[servers[1].endpoint]
    assert (second["absences"], second["restarts"]) == (1, 1)
    assert int(str(second["images"])) > back[0] > 0
    assert answered(run / "records" / "journal.sqlite") == 90


def test_where_all_are_away_one_that_comes_back_is_enough(
    servers: Pair, split_root: Path, tmp_path: Path, at_batch: AtBatch, expected: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def kill_both_and_start_one() -> None:
        for server in servers:
            server.kill()
        servers[0].start()

    at_batch(7, kill_both_and_start_one)
    run = tmp_path / "run"
    assert audit(both(servers), *QUICK, "--data", split_root, "--out", run) == 0
    servers[1].start()
    out = capsys.readouterr().out
    assert "note: waiting for the server, up to 120 s: none of the 2 servers answers: " in out
    assert (run / "report" / "groups.csv").read_bytes() == expected
    assert told(run)[servers[1].endpoint]["absences"] == 1


def test_one_that_comes_back_with_other_weights_ends_the_run(
    servers: Pair, split_root: Path, tmp_path: Path, at_batch: AtBatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = servers[1].repository / "sound" / "1" / "model.onnx"

    def replace() -> None:
        servers[1].kill()
        file.write_bytes(mean_grey(300.0))
        servers[1].start()

    at_batch(5, replace)
    for number in range(6, 20):
        at_batch(number, wait)
    run = tmp_path / "run"
    line = failure(capsys, 3, both(servers), *QUICK, "--data", split_root, "--out", run)
    assert "while it answered, another took its place: " in line
    assert f"at {servers[1].endpoint} is not the exported one: its probes differ" in line
    assert not (run / "report").exists()


def wait() -> None:
    Event().wait(0.5)
