"""Flags of `fair-audit report` about words, ages and thresholds, on the terminal and in files."""

from pathlib import Path

import pytest
from scored_files import cohort, document, report, rows, write_csv

from audit.cli import run


def test_unknown_and_map_reach_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(200)
    columns["gender"] = [*["F"] * 40, *["female"] * 30, *["U"] * 30, *["Female", "Male"] * 50]
    source = write_csv(tmp_path / "f.csv", columns)
    assert report(source, tmp_path / "a") == 0
    said = capsys.readouterr().out
    assert "note: gender: F / female / Female look like spellings of one group" in said
    assert "--map gender:F=Female,gender:female=Female" in said
    flags = ("--map", "gender:F=Female", "--map", "gender:female=Female", "--unknown", "U")
    assert report(source, tmp_path / "b", *flags) == 0
    found = rows(tmp_path / "b")
    assert [found["gender", g, "auc"]["n"] for g in ("Female", "Male", "unknown")] == [120, 50, 30]
    assert "note:" not in capsys.readouterr().out


def test_impossible_ages_fill_no_bin_and_no_stratum(tmp_path: Path) -> None:
    columns = cohort(300)
    columns["age"] = [*[-1] * 20, *[999] * 20, *["inf"] * 10, *[""] * 10, *columns["age"][60:]]
    columns["race"] = ["Asian", "White"] * 150
    source = write_csv(tmp_path / "f.csv", columns)
    assert report(source, tmp_path, "--age-bins", "40,60", "--control", "age") == 0
    found = {key[:2]: row["n"] for key, row in rows(tmp_path).items()}
    assert found["age", "unknown"] == 60
    assert found["age", "< 40"] + found["age", "40 to < 60"] + found["age", ">= 60"] == 240
    strata = [n for key, n in found.items() if key[0].startswith("race | age") and key[1] == "all"]
    assert len(strata) == 3
    assert sum(strata) == 240
    statement = document(tmp_path)["provenance"]["data"]["statement"]
    assert statement == "50 of 300 ages lie outside 0..120 and count as unknown"


@pytest.mark.parametrize("scale", [100.0, -1.0])
def test_scores_outside_0_1_need_a_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scale: float
) -> None:
    columns = cohort(100)
    columns["score"] = [scale * float(str(score)) for score in columns["score"]]
    source = write_csv(tmp_path / "f.csv", columns)
    assert report(source, tmp_path / "out") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "outside 0..1" in line
    assert "--threshold" in line
    assert not (tmp_path / "out").exists()
    assert report(source, tmp_path / "out", "--threshold", scale / 2) == 0
    tuned = tmp_path / "t.json"
    assert run(["threshold", "--from", str(source), "--out", str(tuned)]) == 0


def test_scores_within_0_1_are_cut_at_one_half(tmp_path: Path) -> None:
    columns = cohort(100)
    columns["score"] = [0, 1, *columns["score"][2:]]
    assert report(write_csv(tmp_path / "f.csv", columns), tmp_path / "out") == 0
    assert document(tmp_path / "out")["provenance"]["threshold"]["value"] == 0.5


def test_threshold_takes_the_same_flags_and_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(100)
    columns["race"] = ["N/A", "black", *["Black", "White"] * 49]
    source = write_csv(tmp_path / "f.csv", columns)
    flags = ["threshold", "--from", str(source), "--out", str(tmp_path / "t.json")]
    assert run(flags) == 0
    said = capsys.readouterr().out
    assert "'N/A' in 1" in said
    assert "--map race:black=Black" in said
    assert run([*flags, "--map", "race:black=Black", "--unknown", "U"]) == 0


def test_a_rule_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_csv(tmp_path / "f.csv", cohort(60))
    assert report(source, tmp_path / "out", "--map", "gender=Female") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--map: 'gender=Female' is not COLUMN:OLD=NEW" in line
