"""`fair-audit watch`: audits again and again, failed ones recorded, ended by a signal with 0."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served import SPEC, with_probes, write_model
from served_parity import edge_grey

from audit.cli import run
from audit.monitoring.every import next_begin, seconds_of
from audit.monitoring.history import read_history
from audit.records.journal import Journal
from fairness.errors import UsageError
from fairness.evaluate import Readings
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", "100", "--worst", "0")


def test_times_of_audits() -> None:
    assert [seconds_of(text) for text in ("90s", "30m", "24h", "7d")] == [90, 1800, 86400, 604800]
    assert next_begin(100.0, 60.0, 130.0) == 160.0
    assert next_begin(100.0, 60.0, 290.0) == 340.0  # those missed are left out
    for text in ("24", "0s", "-1h", "1w", "2y", "h", "400d"):
        with pytest.raises(UsageError, match="--every"):
            seconds_of(text)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file that describes itself, and data beside it."""
    folder = tmp_path_factory.mktemp("watched")
    write_model(folder / "repository", "edge", with_probes(SPEC), edge_grey())
    write_fairvlmed(folder / "data", Recipe(train=2, val=2, test=30, seed=5))
    return folder


def words(edge: Path, *, data: str = "data") -> list[str]:
    model = edge / "repository" / "edge" / "1" / "model.onnx"
    return ["--", "--onnx", str(model), "--data", str(edge / data), *QUICK]


def test_each_audit_has_a_folder_and_a_failed_one_is_recorded(
    edge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, path = tmp_path / "out", tmp_path / "x.prom"
    flags = ["watch", "--every", "1s", "--out", str(out), "--metrics-file", str(path)]
    assert run([*flags, "--times", "2", *words(edge)]) == 0
    assert run([*flags, "--times", "1", *words(edge, data="nowhere")]) == 3
    runs = read_history(out).runs()
    assert [(one.counted, one.error is None) for one in runs] == [
        (True, True), (False, True), (False, False)
    ]  # fmt: skip
    assert runs[1].not_counted == "same split, same model: nothing new"
    assert "nowhere" in (runs[2].error or "")
    assert all((out / one.folder / "report" / "report.html").exists() for one in runs[:2])
    said = capsys.readouterr().out
    assert "error: the audit failed: " in said
    assert "next audit at " in said
    assert 'fair_audit_last_success_timestamp_seconds{model="edge"}' in path.read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "give the flags of the audit after --"),
        (["--", "--out", "x"], "--out is of the watch; give it before --"),
        (["--", "--metrics-file", "x.prom"], "--metrics-file is of the watch"),
        (["--", "--resume"], "--resume is of a single run"),
        (["--times", "0", "--", "--model", "m"], "--times must be at least 1"),
        (["--false-alarms", "0", "--", "--model", "m"], "--false-alarms must lie between"),
        (["--metrics-file", "nowhere/x.prom", "--", "--model", "m"], "no file can be written"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["watch", *flags]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.further
def test_an_audit_that_is_interrupted_can_be_finished_as_the_watch_says(
    edge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Journal.record

    def recording(self: Journal, readings: Readings) -> None:
        record(self, readings)
        monkeypatch.setattr(Journal, "record", record)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Journal, "record", recording)
    out = tmp_path / "out"
    assert run(["watch", "--out", str(out), *words(edge)]) == 0
    assert not (out / "history.parquet").exists()
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "to finish it: " in line]
    for command in said.partition("to finish it: ")[2].split(", then "):
        assert run(shlex.split(command)[1:]) == 0
    assert [one.counted for one in read_history(out).runs()] == [True]


@pytest.mark.further
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_watch_of_a_real_server_with_0(
    endpoint: str, split_root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = [
        sys.executable, "-m", "audit.cli", "watch", "--every", "1h", "--out", str(tmp_path), "--",
        "--endpoint", endpoint, "--model", "sound", "--data", str(split_root), *QUICK,
    ]  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as output:
        watching = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            time.sleep(0.1)
            if b"next audit at" in log.read_bytes() or watching.poll() is not None:
                break
        watching.send_signal(number)
        assert watching.wait(20) == 0, log.read_text()
    finally:
        watching.kill()
    assert "watch ended after 1 audit\n" in log.read_text()
    (found,) = read_history(tmp_path).runs()
    assert (found.model, found.counted, found.error) == ("sound", True, None)
    assert found.weights_sha256 is not None
    assert found.split_sha256 is not None
