"""An attribute without a number over its groups takes one line, which says why."""

from pathlib import Path

import pytest
from scored_files import cohort, document, report, rows, write_csv

REASON = "fewer than two groups to compare"


def test_hidden_groups_take_one_line_instead_of_a_dash_for_every_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_csv(tmp_path / "scores.csv", cohort())
    flags = (
        "--attributes",
        "race,gender",
        "--suppress-below",
        200,
        "--suppress-positives-below",
        0,
    )
    # Only White has as many.
    assert report(source, tmp_path / "run", *flags) == 0
    text = (tmp_path / "run" / "report" / "report.md").read_text()
    section = text.split("## Between groups")[1].split("## Pairs")[0]
    lines = [line for line in section.splitlines() if line.startswith("| race")]
    assert len(lines) == 1
    assert REASON in lines[0]
    assert len([line for line in section.splitlines() if line.startswith("| gender")]) == 5
    assert capsys.readouterr().out.count(REASON) == 1


def test_a_report_says_whether_scores_were_binned_and_keeps_every_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_csv(tmp_path / "scores.csv", cohort(2100))
    flags = ("--attributes", "gender", "--replicates", 400)
    assert report(source, tmp_path / "exact", *flags) == 0
    exact, text = document(tmp_path / "exact")["provenance"], capsys.readouterr().out
    assert "bootstrap" not in exact
    assert "binned_from" not in exact["statistics"]
    assert " bins " not in text
    assert report(source, tmp_path / "binned", *flags, "--binned-from", 2000) == 0
    binned, text = document(tmp_path / "binned")["provenance"], capsys.readouterr().out
    assert binned["statistics"]["binned_from"] == 2000
    assert binned["bootstrap"].startswith(
        "scores of groups of 2000 images or more are in 1000 bins"
    )
    assert binned["bootstrap"][:40] in text
    assert binned["bootstrap"] in (tmp_path / "binned" / "report" / "report.html").read_text()
    one, other = rows(tmp_path / "exact"), rows(tmp_path / "binned")
    for name, row in one.items():
        assert other[name]["value"] == pytest.approx(row["value"], abs=1e-12), name
        if row["attribute"] == "gender" and row["group"] != "all":  # groups of half as many
            assert other[name] == row
    wide = [
        one["overall", "all", "average_precision"],
        other["overall", "all", "average_precision"],
    ]
    a, b = (row["high"] - row["low"] for row in wide)
    assert b == pytest.approx(a, rel=0.15)  # 400 draws each
