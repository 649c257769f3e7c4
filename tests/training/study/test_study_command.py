"""`python -m training.study` from data to tables: killed and repeated, and what stops it."""

from pathlib import Path

import pytest
from small_study import write_study, write_study_data
from study_process import begun, killed_once, tables

from training.study.__main__ import run


@pytest.mark.methods
def test_a_study_that_was_killed_and_repeated_gives_the_same_bytes(tmp_path: Path) -> None:
    write_study_data(tmp_path)
    config, out, whole = write_study(tmp_path), tmp_path / "killed", tmp_path / "whole"
    undisturbed = begun(config, whole)
    assert b"done: " in undisturbed.communicate()[1]
    assert undisturbed.returncode == 0
    for wanted in ("*/train/train.log", "*/exported"):  # amid a training; before an audit
        killed_once(begun(config, out), out, wanted)
    last = begun(config, out)
    said = last.communicate()[1].decode()
    assert last.returncode == 0, said
    assert tables(out) == tables(whole)
    assert sorted(tables(out)) == sorted(
        f"{table}.{form}"
        for table in ("linear-probing", "zero-shot", "fine-tuning")
        for form in ("md", "csv", "tex")
    )
    stamps = {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*")}
    assert run(["--config", str(config), "--out", str(out)]) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").rglob("*")} == stamps
    assert tables(out) == tables(whole)


def test_missing_data_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--config", str(write_study(tmp_path)), "--out", str(tmp_path / "out")]) == 3
    assert f"{tmp_path / 'data'}: no such folder; name that of the data" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_attribute_is_refused_before_any_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study_data(tmp_path)
    config = write_study(tmp_path)
    config.write_text(config.read_text().replace("race]", "height]"))
    assert run(["--config", str(config), "--out", str(tmp_path / "out")]) == 2
    assert "no attribute 'height'; choose from race" in capsys.readouterr().err


@pytest.mark.further
def test_a_run_that_fails_names_its_folder_and_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study_data(tmp_path)
    config = write_study(tmp_path)
    text = config.read_text().replace("{epochs: 2,", "{weights: nowhere.pt, epochs: 2,")
    config.write_text(text)
    words = ["--config", str(config), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert run(words) == 3
    (said,) = [s for s in capsys.readouterr().err.splitlines() if s.startswith("study: ")]
    (folder,) = (tmp_path / "out" / "runs").glob("clip-tiny-*")
    assert f"{folder}: python -m training." in said
    assert "nowhere.pt" in said
    assert f"see {folder / 'log.txt'}" in said
    assert not (tmp_path / "out" / "tables").exists()
