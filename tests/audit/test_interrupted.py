"""Ctrl-C and SIGTERM in mid-run: what is left behind, marked as what it is, and how it goes on."""

import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from fair_audit_runs import answered, audit, failure

from audit.client.grpc_server import GrpcServer
from audit.records.journal import Journal

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--worst", 0, "--model", "sound")
Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture
def after_five(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Does things after the fifth batch has been recorded, one after each."""
    record, done = Journal.record, []

    def register(*acts: Callable[[], None]) -> None:
        def recording(self: Journal, readings: object) -> None:
            record(self, readings)  # type: ignore[arg-type]
            done.append(self)
            if len(done) == 5:
                acts[0]()

        monkeypatch.setattr(Journal, "record", recording)

    return register


def send(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def policy(folder: Path) -> Path:
    """A margin that the whole split passes, and one that it fails."""
    rules = [
        {"metric": "auc", "min": 0.01},
        {"metric": "auc", "max": 0.02},
    ]
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump({"name": "either way", "rules": rules}))
    return path


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_partial_report_is_left_and_the_complete_one_takes_its_place(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    after_five: Callable[..., None], number: signal.Signals, code: int,
) -> None:  # fmt: skip
    flags = ("--data", split_root, *QUICK, "--policy", policy(tmp_path), "--compat", "fairclip")
    assert audit(endpoint, *flags, "--out", tmp_path / "whole") == 1
    after_five(send(number))
    run = tmp_path / "run"
    assert audit(endpoint, *flags, "--out", run) == code
    told = capsys.readouterr()
    partial = run / "records" / "partial" / "report"
    assert told.err == (
        f"fair-audit: interrupted, with a partial report of 20 of 90 images in {partial}; "
        "go on with the same command and --resume\n"
    )
    marked = "PARTIAL: 20 of 90 images were answered when the run was interrupted"
    for text in (told.out, *((partial / f"report.{kind}").read_text() for kind in ("md", "html"))):
        assert marked in text
    document = json.loads((partial / "report.json").read_text())
    assert document["provenance"]["data"]["partial"] == {"answered": 20, "of": 90}
    assert {check["verdict"] for check in document["checks"]} <= {"INCONCLUSIVE", "FAIL"}
    assert "compat" not in document
    assert not (partial / "model_card.md").exists()
    assert not (run / "report").exists()
    assert stat.S_IMODE((run / "records").stat().st_mode) == 0o700
    assert answered(run / "records" / "journal.sqlite") == 20

    assert audit(endpoint, *flags, "--out", run, "--resume") == 1
    assert not partial.parent.exists()
    for name in ("groups.csv", "contrasts.csv"):
        found, whole = (tmp_path / folder / "report" / name for folder in ("run", "whole"))
        assert found.read_bytes() == whole.read_bytes()
    assert "partial" not in json.loads((run / "report" / "report.json").read_text())["provenance"]


def test_nothing_is_left_with_the_server(
    endpoint: str, split_root: Path, tmp_path: Path, after_five: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sent, original = [], GrpcServer.send

    def sending(self: GrpcServer, request: object) -> object:
        sent.append(original(self, request))  # type: ignore[arg-type]
        return sent[-1]

    monkeypatch.setattr(GrpcServer, "send", sending)
    after_five(send(signal.SIGINT))
    assert audit(endpoint, "--data", split_root, *QUICK, "--out", tmp_path / "run") == 130
    assert all(call.done() for call in sent)


def test_a_second_interruption_ends_the_partial_report(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    after_five: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    after_five(send(signal.SIGINT))
    monkeypatch.setattr("audit.partial.finish", lambda *_: send(signal.SIGINT)())
    flags = ("--data", split_root, *QUICK, "--out", tmp_path / "run")
    line = failure(capsys, 130, endpoint, *flags)
    assert "interrupted, without a partial report; go on with" in line
    assert not (tmp_path / "run" / "records" / "partial").exists()


def test_a_run_without_an_answer_leaves_no_report(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(Journal, "record", lambda *_: send(signal.SIGINT)())
    flags = ("--data", split_root, *QUICK, "--out", tmp_path / "run")
    line = failure(capsys, 130, endpoint, *flags)
    assert line == "fair-audit: interrupted; go on with the same command and --resume"
    monkeypatch.undo()
    monkeypatch.setattr("audit.proof.verify", lambda *_: send(signal.SIGTERM)())
    line = failure(capsys, 143, endpoint, *flags[:-1], tmp_path / "other")
    assert line == "fair-audit: interrupted; run the same command again"
    assert not (tmp_path / "other").exists()


def test_two_runs_of_one_folder_are_never_at_work_together(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    after_five: Callable[..., None],
) -> None:  # fmt: skip
    flags = ("--data", split_root, *QUICK, "--out", tmp_path / "run")
    codes: list[int] = []
    after_five(lambda: codes.extend((audit(endpoint, *flags), audit(endpoint, *flags, "--resume"))))
    assert audit(endpoint, *flags) == 0
    assert codes == [2, 2]
    lines = capsys.readouterr().err.splitlines()
    assert all(f"process {os.getpid()} is writing to this run" in line for line in lines)
    assert len(lines) == 2
