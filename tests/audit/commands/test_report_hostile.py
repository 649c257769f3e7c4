"""`fair-audit report` of names that would do something, and into folders that it cannot use."""

import csv
import os
from pathlib import Path

import pytest
from scored_files import cohort, document, report, write_csv

from audit.cli import run

pytest_plugins = ["scored_cohort"]

NAMES = {
    "Asian": "=cmd|'/c calc'!A1",
    "Black": "\x1b[31mBl\x07ack\u202e",
    "White": "[/bold]a;=1+1",
    "": "",
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    columns = cohort()
    columns["race"] = [NAMES[str(name)] for name in columns["race"]]
    columns["gender"] = ["-2+3" if name == "Male" else "@x" for name in columns["gender"]]
    return write_csv(tmp_path_factory.mktemp("hostile") / "scores.csv", columns)


def test_no_name_does_anything_on_the_terminal_or_in_a_file(
    hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--attributes", "race,gender", "--name", "\x1b]0;title\x07=m")
    assert report(hostile, tmp_path / "out", *flags) == 0
    shown = capsys.readouterr()
    texts = [file.read_text() for file in (tmp_path / "out" / "report").iterdir()]
    for text in (shown.out, shown.err, *texts):
        assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert "[31mBl ack" in shown.out
    assert "[/bold]a;=1+1" in shown.out
    for name in ("groups.csv", "contrasts.csv"):
        with (tmp_path / "out" / "report" / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        cells = {cell for row in rows for cell in row.values()}
        assert {cell for cell in cells if cell[:1] in "=@+" or cell[:2] == "-2"} <= {""}
        assert {"'=cmd|'/c calc'!A1", "[/bold]a;'=1+1", "'-2+3", "'@x"} <= cells
    negative = [row["value"] for row in rows if row["value"].startswith("-")]
    assert negative
    assert all(float(value) < 0 for value in negative)
    groups = {row["group"] for row in document(tmp_path / "out")["rows"]}
    assert "=cmd|'/c calc'!A1" in groups  # JSON is read by programs: names stay what they are


@pytest.mark.parametrize("place", ["out", "out/report", "out/records"])
def test_a_file_in_the_way_is_refused_before_anything_is_computed(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    assert report(source, tmp_path / "out") == 2
    assert f"{path} is a file; choose another folder" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_parent_that_may_not_be_looked_into_is_one_line(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stat = os.stat

    def closed(path: str | Path, *rest: object, **more: object) -> os.stat_result:
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *rest, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(os, "stat", closed)
    code = report(source, tmp_path / "closed" / "out")
    monkeypatch.undo()
    assert code in (2, 3)
    said = capsys.readouterr().err
    assert "Permission denied" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("text", ['{"value": NaN}', "[" * 100_000, "\udcff", "{}"])
def test_an_odd_threshold_file_is_one_line(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "threshold.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert report(source, tmp_path / "out", "--threshold", file) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("value", ["NaN", "1e999", "true", '"0.5"', "null", "1" + "0" * 400])
def test_a_baseline_without_a_finite_threshold_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("name: p\nrules: [{metric: auc, change: true, min: -0.05}]")
    assert report(source, tmp_path / "old") == 0
    text = f'{{"provenance": {{"threshold": {{"value": {value}}}}}}}'
    (tmp_path / "old" / "report" / "report.json").write_text(text)
    flags = ("--policy", policy, "--baseline", tmp_path / "old")
    assert report(source, tmp_path / "new", *flags) == 3
    assert "no report of fair-audit" in capsys.readouterr().err


def test_an_earlier_report_is_replaced_but_not_the_user_s_notes(
    source: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("name: p\nrules: [{metric: auc, min: 0.1}]")
    assert report(source, tmp_path / "out", "--policy", policy) == 0
    assert (tmp_path / "out" / "report" / "junit.xml").exists()
    (tmp_path / "out" / "report" / "notes.txt").write_text("mine")
    assert report(source, tmp_path / "out") == 0
    assert {file.name for file in (tmp_path / "out" / "report").iterdir()} == {
        "report.json", "report.html", "groups.csv", "contrasts.csv", "report.md", "MANIFEST.sha256",
        "model_card.md", "chai.xml",
        "notes.txt",
    }  # fmt: skip
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"report", "records"}


@pytest.mark.parametrize("command", ["report", "threshold", "inspect"])
def test_a_surprise_in_any_command_is_one_line_and_not_a_failed_policy(
    command: str,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def surprise(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody\nexpected this")

    monkeypatch.setattr("audit.commands.report.read_predictions", surprise)
    monkeypatch.setattr("audit.commands.threshold.read_predictions", surprise)
    monkeypatch.setattr("audit.commands.inspect.inspect_folder", surprise)
    words = {"inspect": [str(tmp_path)]}.get(command, ["--from", str(source), "--out", "x"])
    assert run([command, *words]) == 3
    said = capsys.readouterr().err
    assert said.startswith("fair-audit: unexpected ZeroDivisionError at test_report_hostile.py:")
    assert said.count("\n") == 1
    assert run([command, *words, "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err
