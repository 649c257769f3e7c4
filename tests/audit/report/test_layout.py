"""An attribute without a number over its groups takes one line, which says why."""

from pathlib import Path

import pytest
from scored_files import cohort, report, write_csv

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
