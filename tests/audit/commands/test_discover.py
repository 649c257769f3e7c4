"""`fair-audit discover`: its four files, what it keeps to itself, and what it refuses."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from scored_files import cohort, write_csv
from sklearn.metrics import roc_auc_score

from audit.cli import run
from audit.report.markdown import escape
from fairness.discover.halves import search_half


def columns_of(n: int = 3000, drop: float = 0.9) -> dict[str, list[object]]:
    """A cohort in which the score tells little of black women."""
    columns = cohort(n, seed=4)
    race, gender = np.array(columns["race"]), np.array(columns["gender"])
    planted = (race == "Black") & (gender == "Female")
    rng = np.random.default_rng(5)
    told = np.where(planted, 1 - drop, 1.0) * (np.array(columns["target"]) - 0.5)
    columns["score"] = (1 / (1 + np.exp(-(2 * told + rng.normal(size=n))))).tolist()
    return columns


def discovered(source: Path, out: Path, *flags: object) -> int:
    return run(["discover", "--from", str(source), "--out", str(out), *map(str, flags)])


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "discover.json").read_text())
    return found


@pytest.fixture(scope="module")
def columns() -> dict[str, list[object]]:
    return columns_of()


@pytest.fixture(scope="module")
def out(columns: dict[str, list[object]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("discover")
    source = write_csv(folder / "scores.csv", columns)
    assert discovered(source, folder / "found", "--attributes", "race,gender") == 0
    return folder / "found"


def test_the_planted_subgroup_is_reported_with_numbers_of_the_test_half(
    out: Path, columns: dict[str, list[object]]
) -> None:
    found = document(out)
    best = found["subgroups"][0]
    assert (best["subgroup"], best["reported"]) == ("race = Black and gender = Female", True)
    half = search_half(np.array(columns["patient"]), 0)
    y, score = np.array(columns["target"]), np.array(columns["score"])
    race, gender = np.array(columns["race"]), np.array(columns["gender"])
    inside = (race == "Black") & (gender == "Female") & ~half
    aucs = [roc_auc_score(y[who], score[who]) for who in (inside, ~inside & ~half)]
    assert [best["auc"], best["auc_others"]] == pytest.approx(aucs, abs=0.005001)
    assert best["people"] == inside.sum() // 10 * 10
    assert best["positives"] == y[inside].sum() // 10 * 10
    assert best["low"] <= best["gap"] <= best["high"] < 0
    assert found["exploratory"] is True
    assert found["people"] == [1500, 1500]


def test_nothing_finer_than_two_decimals_and_tens_is_written(out: Path) -> None:
    for one in document(out)["subgroups"]:
        assert [one[name] % 10 for name in ("people", "positives", "people_searched")] == [0, 0, 0]
        for name in ("auc", "low", "high", "auc_others", "gap", "mde", "gap_searched"):
            assert one[name] == round(one[name], 2)
    text = (out / "discover.json").read_text()
    assert "p0001" not in text
    assert "s0001" not in text


def test_every_file_says_that_it_is_exploratory_and_holds_the_same(out: Path) -> None:
    names = [one["subgroup"] for one in document(out)["subgroups"]]
    rows = list(csv.DictReader(io.StringIO((out / "discover.csv").read_text())))
    assert [row["subgroup"] for row in rows] == names
    assert {row["kind"] for row in rows} == {"exploratory"}
    markdown = (out / "discover.md").read_text()
    assert "**Exploratory:" in markdown
    assert all(f"| {escape(name)} |" in markdown for name in names)
    svg = ElementTree.fromstring((out / "discover.svg").read_text())
    assert "Exploratory" in svg.attrib["aria-label"]
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}circle"))) == len(names) == 5


def test_only_the_variables_named_are_looked_at(
    out: Path, tmp_path: Path, columns: dict[str, list[object]]
) -> None:
    source = out.parent / "scores.csv"
    flags = ("--attributes", "race,gender", "--over", "gender,age", "--conditions", "1")
    assert discovered(source, tmp_path, *flags) == 0
    found = document(tmp_path)
    assert found["variables"] == ["gender", "age"]
    assert {one["subgroup"].split(" = ")[0] for one in found["subgroups"]} == {"gender", "age"}
    assert found["conditions"] == 6


def test_names_from_files_open_no_tag_and_no_formula(tmp_path: Path) -> None:
    columns = columns_of()
    columns["race"] = ["<b>&" if race == "Black" else "=1+1" for race in columns["race"]]
    source = write_csv(tmp_path / "scores.csv", columns)
    assert discovered(source, tmp_path, "--attributes", "race,gender", "--over", "race") == 0
    assert "<b>" not in (tmp_path / "discover.md").read_text().replace("\\<b\\>", "")
    ElementTree.fromstring((tmp_path / "discover.svg").read_text())


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--over", "scanner"), 2, "--over: no 'scanner' (there are: race, gender, age"),
        (("--of-class", "5"), 2, "--of-class must be at least 20"),
        (("--conditions", "4"), 2, "--conditions must be 1, 2 or 3"),
        (("--people", "5000"), 3, "no subgroup has 5000 people, 20 of them positive"),
        (("--target", "target,target2", "--score", "score,score2"), 2, "of one label"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    flags: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = columns_of(400)
    columns |= {"target2": columns["target"], "score2": columns["score"]}
    source = write_csv(tmp_path / "scores.csv", columns)
    assert discovered(source, tmp_path / "out", "--attributes", "race,gender", *flags) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert not (tmp_path / "out").exists()


def test_help_states_what_it_finds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["discover", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "4,000 people" in text
    assert "Exploratory" in text
