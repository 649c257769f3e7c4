"""`fair-audit report` from two tables, and from logits, against the report of one table."""

from pathlib import Path

import numpy as np
import pytest
from scored_files import cohort, document, report, rows, write_csv

PEOPLE = ("patient", "race", "gender", "age")


def test_two_tables_give_the_report_of_one(tmp_path: Path) -> None:
    columns = cohort(300)
    whole = write_csv(tmp_path / "whole.csv", columns)
    assert report(whole, tmp_path / "one") == 0
    scores = {name: columns[name] for name in columns if name not in PEOPLE}
    people = {name: columns[name][::-1] for name in ("id", *PEOPLE)}
    write_csv(tmp_path / "people.csv", people)
    (tmp_path / "apart").mkdir()
    source = write_csv(tmp_path / "apart" / "whole.csv", scores)
    flags = ("--metadata", tmp_path / "people.csv", "--on", "id")
    assert report(source, tmp_path / "two", *flags) == 0
    one, two = (
        [{k: v for k, v in row.items() if k != "dataset"} for row in rows(tmp_path / name).values()]
        for name in ("one", "two")
    )
    assert len(one) > 50
    assert two == one


def test_ids_without_a_partner_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(300)
    scores = {name: columns[name] for name in columns if name not in PEOPLE}
    people = {name: columns[name][7:] for name in ("id", *PEOPLE)}
    people["id"] = [*people["id"][:-2], "other1", "other2"]
    write_csv(tmp_path / "people.csv", people)
    source = write_csv(tmp_path / "scores.csv", scores)
    assert report(source, tmp_path / "out", "--metadata", tmp_path / "people.csv") == 0
    printed = " ".join(capsys.readouterr().out.split())
    said = "9 of 300 rows of scores.csv have no 'id' in people.csv"
    assert said in printed
    assert "2 of 293 rows of people.csv have no row in scores.csv" in printed
    assert said in document(tmp_path / "out")["provenance"]["data"]["statement"]


def test_logits_give_the_report_of_their_probabilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = cohort(300)
    assert report(write_csv(tmp_path / "a.csv", columns), tmp_path / "a") == 0
    p = np.array(columns["score"], dtype=float)
    columns["score"] = np.log(p / (1 - p)).tolist()
    source = write_csv(tmp_path / "b.csv", columns)
    assert report(source, tmp_path / "b", "--score-type", "logit") == 0
    first, second = rows(tmp_path / "a"), rows(tmp_path / "b")
    known = [key for key, row in first.items() if row["value"] is not None]
    assert len(known) > 50
    np.testing.assert_allclose(
        [second[key]["value"] for key in known], [first[key]["value"] for key in known], rtol=1e-6
    )
    capsys.readouterr()
    assert report(source, tmp_path / "c", "--score-type", "probability") == 3
    assert "outside 0..1 and so no probability" in capsys.readouterr().err
    assert report(source, tmp_path / "c") == 2
    assert "--score-type logit" in capsys.readouterr().err
    assert report(source, tmp_path / "c", "--on", "id") == 2
    assert "name it with --metadata" in capsys.readouterr().err


def test_scores_of_masks_have_no_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {name: values for name, values in cohort(30).items() if name not in ("score",)}
    columns["rim_dice"] = [0.5] * 30
    source = write_csv(tmp_path / "masks.csv", columns)
    assert report(source, tmp_path / "out", "--score-type", "logit") == 2
    assert "which have no --score-type" in capsys.readouterr().err
