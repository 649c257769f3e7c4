"""What is logged to W&B: by a module that records, and by the real one in its offline mode."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from scored_files import report

from audit.report.document import read_document
from audit.tracking import numbers_of

pytest_plugins = ["scored_cohort"]


class FakeRun:
    """In the place of a run: keeps what it is told."""

    url = "https://wandb.example/team/proj/runs/1"
    offline = False

    def __init__(self, **started: Any) -> None:
        self.started = started
        self.summary: dict[str, float] = {}
        self.logged: dict[str, Any] = {}
        self.artifacts: list[Any] = []
        self.ended: bool | None = None

    def __enter__(self) -> "FakeRun":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.ended = kind is None

    def log(self, what: dict[str, Any]) -> None:
        self.logged |= what

    def log_artifact(self, artifact: Any) -> None:
        self.artifacts.append(artifact)


class FakeArtifact:
    def __init__(self, name: str, type: str) -> None:
        self.named = (name, type)
        self.files: dict[str, bytes] = {}

    def add_file(self, path: str) -> None:
        self.files[Path(path).name] = Path(path).read_bytes()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[FakeRun]:
    """Runs of a module `wandb`, as far as it is used, that records."""
    found: list[FakeRun] = []

    def init(**started: Any) -> FakeRun:
        found.append(FakeRun(**started))
        return found[-1]

    module = ModuleType("wandb")
    vars(module).update(
        init=init,
        login=lambda prompt: not prompt,
        Settings=SimpleNamespace,
        Artifact=FakeArtifact,
        Html=lambda path, inject: (Path(path).read_text(), inject),
    )
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.setattr("audit.tracking_wandb.find_spec", lambda name: name)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return found


def test_everything_that_is_shown_is_told_and_nothing_else(
    runs: list[FakeRun], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.yaml").write_text("name: p\nrules: [{metric: auc, min: 0.99}]")
    flags = ("--wandb", "team/proj", "--policy", tmp_path / "p.yaml")
    assert report(source, tmp_path / "run", *flags) == 1
    (run,) = runs
    folder = tmp_path / "run" / "report"
    document = read_document(folder / "report.json")
    assert run.summary == numbers_of(document.report())
    assert len(run.summary) > 100
    assert (run.started["entity"], run.started["project"]) == ("team", "proj")
    assert run.started["name"] == "predictions"
    assert run.started["config"] == {
        "model": "predictions",
        "dataset": "file",
        "split": source.name,
        "split_sha256": document.provenance["data"]["split_sha256"],
        "verdict": "FAIL",
    }
    quiet = run.started["settings"]
    assert (quiet.console, quiet.host, quiet.disable_git) == ("off", "not told", True)
    assert run.logged == {"report": ((folder / "report.html").read_text(), False)}
    (artifact,) = run.artifacts
    assert artifact.named == ("fair-audit", "report")
    assert artifact.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run.ended
    assert f"wandb: {FakeRun.url}" in capsys.readouterr().out


def test_a_fault_on_the_way_is_one_line_and_the_report_stays(
    runs: list[FakeRun],
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk\nis full")

    monkeypatch.setattr(FakeRun, "log", broken)
    assert report(source, tmp_path / "run", "--wandb", "proj") == 3
    err = capsys.readouterr().err
    assert "--wandb proj: not logged: the disk is full; the report itself is in" in err
    assert err.count("\n") == 1
    assert runs[0].ended is False
    assert (tmp_path / "run" / "report" / "report.json").exists()


@pytest.mark.parametrize(
    ("project", "here", "logged_in", "code", "said"),
    [
        ("p", False, True, 2, "--wandb needs wandb"),
        ("p", True, False, 3, "nobody is logged in; run wandb login, or set WANDB_MODE=offline"),
        ("a/b/c", True, True, 2, "name a PROJECT, or ENTITY/PROJECT"),
        ("/p", True, True, 2, "name a PROJECT, or ENTITY/PROJECT"),
        ("a/", True, True, 2, "name a PROJECT, or ENTITY/PROJECT"),
    ],
)
def test_what_could_not_be_logged_is_refused_before_the_analysis(
    project: str,
    here: bool,
    logged_in: bool,
    code: int,
    said: str,
    runs: list[FakeRun],
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.tracking_wandb.find_spec", lambda name: name if here else None)
    monkeypatch.setattr(sys.modules["wandb"], "login", lambda prompt: logged_in)
    assert report(source, tmp_path / "run", "--wandb", project) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run" / "report").exists()
    assert runs == []


def records(content: bytes) -> Iterator[Any]:
    """The records of an offline run: a LevelDB log of protobuf messages, in blocks of 32 KiB."""
    messages = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    at, whole = 7, b""
    while at + 7 <= len(content):
        left = 2**15 - at % 2**15
        if left < 7:
            at += left
            continue
        size, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        whole += content[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield messages.Record.FromString(whole)
            whole = b""


@pytest.mark.further
def test_the_real_wandb_keeps_numbers_page_and_files_offline(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "kept"))
    (tmp_path / "kept").mkdir()
    assert report(source, tmp_path / "run", "--wandb", "team/proj") == 0
    (folder,) = (tmp_path / "kept" / "wandb").glob("offline-run-*")
    (kept,) = folder.glob("run-*.wandb")
    summary: dict[str, float] = {}
    for record in records(kept.read_bytes()):
        kind = record.WhichOneof("record_type")
        if kind == "summary":
            summary |= {one.key: json.loads(one.value_json) for one in record.summary.update}
        elif kind == "run":
            assert (record.run.entity, record.run.project) == ("team", "proj")
            assert record.run.host == "not told"
        elif kind == "artifact":
            names = {one.path for one in record.artifact.manifest.contents}
    document = read_document(tmp_path / "run" / "report" / "report.json")
    numbers = numbers_of(document.report())
    assert {name: summary[name] for name in numbers} == numbers
    assert names == {path.name for path in (tmp_path / "run" / "report").iterdir()}
    (page,) = (folder / "files" / "media" / "html").iterdir()
    assert page.read_text() == (tmp_path / "run" / "report" / "report.html").read_text()
