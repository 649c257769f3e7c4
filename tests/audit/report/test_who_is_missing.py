"""Who is missing, in report.json, in the tables that people read, and never of a few people."""

from html import unescape
from pathlib import Path

import numpy as np
import pytest
from scored_files import Columns, cohort, document, report, write_csv

pytest_plugins = ["scored_cohort"]
FLAGS = ("--patient", "patient", "--attributes", "race,gender,site")


def people(n: int, unknown: float = 0.25, seed: int = 0) -> Columns:
    columns = cohort(n, seed)
    rng = np.random.default_rng(seed)
    positive = np.array(columns["target"]) == 1
    absent = rng.random(n) < np.where(positive, 1.6, 0.6) * unknown
    names = rng.choice(["Black", "White"], n)
    columns["race"] = np.where(absent, "", names).tolist()
    columns["site"] = [f"site {k}" for k in columns["site"]]
    return columns


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Columns]:
    folder, columns = tmp_path_factory.mktemp("missing"), people(1500)
    assert report(write_csv(folder / "scores.csv", columns), folder / "run", *FLAGS) == 0
    return folder / "run", columns


def test_every_cell_counts_its_images(run: tuple[Path, Columns]) -> None:
    out, columns = run
    (race,) = document(out)["unrecorded"]
    absent, site = np.array(columns["race"]) == "", np.array(columns["site"])
    positive = np.array(columns["target"]) == 1
    assert (race["attribute"], race["withheld"]) == ("race", "")
    assert len(race["cells"]) == (1 + 3) * 3
    for cell in race["cells"]:
        inside = np.ones(len(site), dtype=bool) if cell["site"] == "all" else site == cell["site"]
        if cell["outcome"] != "all":
            inside = inside & (positive == (cell["outcome"] == "positive"))
        assert (cell["n"], cell["unknown"]) == (inside.sum(), (inside & absent).sum())
        assert cell["low"] < cell["share"] < cell["high"]


def test_tests_say_to_what_being_unknown_is_related(run: tuple[Path, Columns]) -> None:
    out, _ = run
    (race,) = document(out)["unrecorded"]
    tests = {test["related_to"]: test for test in race["tests"]}
    assert set(tests) == {"label", "score", "site"}
    assert tests["label"]["p_adjusted"] < 0.001
    assert tests["label"]["effect"] > 0.1
    assert tests["site"]["effect"] is None
    p = sorted(test["p"] for test in tests.values())
    steps = np.minimum(np.maximum.accumulate(np.array(p) * [3, 2, 1]), 1)
    assert sorted(test["p_adjusted"] for test in tests.values()) == pytest.approx(steps)


def test_people_see_the_same(run: tuple[Path, Columns]) -> None:
    out, _ = run
    gap = next(
        r
        for r in document(out)["rows"]
        if (r["attribute"], r["group"], r["metric"]) == ("race", "all", "auc_difference")
    )
    worst = f"{gap['unknown_low']:.3f} to {gap['unknown_high']:.3f}"
    for name in ("report.md", "report.html"):
        text = unescape((out / "report" / name).read_text())
        for words in ("Who is missing", "best and worst case over the unknown", worst, "< 0.001"):
            assert words in text


def test_small_sites_are_not_shown(tmp_path: Path) -> None:
    columns = dict(people(500))
    columns["site"] = ["tiny" if i < 14 else name for i, name in enumerate(columns["site"])]
    assert report(write_csv(tmp_path / "s.csv", columns), tmp_path / "run", *FLAGS) == 0
    race = next(o for o in document(tmp_path / "run")["unrecorded"] if o["attribute"] == "race")
    assert {cell["site"] for cell in race["cells"]} == {"all"}
    assert {test["related_to"] for test in race["tests"]} == {"label", "score"}
    assert race["withheld"] == "by site: too few people in some cell"
    assert "tiny" not in str(race)


def test_sites_are_not_shown_where_the_report_hides_anything(tmp_path: Path) -> None:
    columns = dict(people(1500))
    columns["gender"] = ["Other" if i < 15 else g for i, g in enumerate(columns["gender"])]
    assert report(write_csv(tmp_path / "s.csv", columns), tmp_path / "run", *FLAGS) == 0
    race = next(o for o in document(tmp_path / "run")["unrecorded"] if o["attribute"] == "race")
    assert {cell["site"] for cell in race["cells"]} == {"all"}


def test_of_few_unknown_people_nothing_is_told(tmp_path: Path) -> None:
    columns = dict(people(400, unknown=0.0))
    columns["race"] = ["" if i < 12 else "AB"[i % 2] for i in range(400)]
    assert report(write_csv(tmp_path / "few.csv", columns), tmp_path / "run", *FLAGS) == 0
    (race,) = document(tmp_path / "run")["unrecorded"]
    assert (race["cells"], race["tests"]) == ([], [])
    assert race["withheld"] == "too few people to show"
    assert "too few people to show" in (tmp_path / "run" / "report" / "report.md").read_text()


def test_where_everybody_is_known_nothing_is_said(tmp_path: Path) -> None:
    columns = people(300, unknown=0.0)
    assert report(write_csv(tmp_path / "all.csv", columns), tmp_path / "run", *FLAGS) == 0
    assert document(tmp_path / "run")["unrecorded"] == []
    assert "Who is missing" not in (tmp_path / "run" / "report" / "report.html").read_text()
