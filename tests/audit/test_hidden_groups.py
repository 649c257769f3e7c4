"""No file under report/ shows a number of a group of few people, whatever was asked for."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from attacker import Attacker, Printed
from scored_files import cohort, document, report, write_csv
from scored_files import rows as all_rows

from fairness.attributes import Attribute
from fairness.groups import plain

pytestmark = pytest.mark.further


@pytest.fixture(scope="module")
def with_few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of everything on a file where one race has 7 people, named Zyzzyva."""
    folder = tmp_path_factory.mktemp("few")
    columns = cohort(400, seed=5)
    few = [i for i, race in enumerate(columns["race"]) if race == "Asian"]
    for i in few:
        columns["race"][i] = "White"
    for i in few[:7]:
        columns["race"][i], columns["score"][i] = "Zyzzyva", 0.0001 * i
    rest = [i for i, race in enumerate(columns["race"]) if race == "White"][:20]
    for i in rest:
        columns["race"][i] = "Yellowhammer"
    source = write_csv(folder / "few.csv", columns)
    policy = folder / "policy.yaml"
    policy.write_text(
        "name: few\nrules:\n"
        "  - {metric: auc, attribute: race, min: 0.5}\n"
        "  - {metric: accuracy, attribute: race, change: true, min: -0.1}\n"
        "  - {metric: selection_rate, attribute: race, scope: pairs, max: 0.5}\n"
    )
    assert report(source, folder / "before") == 0
    flags = ["--intersect", "race*gender", "--control", "site", "--compat", "fairclip"]
    flags += ["--policy", str(policy), "--baseline", str(folder / "before")]
    report(source, folder / "run", *flags)
    return folder / "run"


def test_no_file_of_the_report_shows_a_number_of_a_small_group(with_few: Path) -> None:
    names = ("Zyzzyva", "Yellowhammer")  # few people; few positives
    shown = document(with_few)
    for row in shown["rows"]:
        if any(name in row["group"] for name in names) and row["n"] != 0:
            assert [row[k] for k in ("value", "low", "high", "n", "n_positive")] == [None] * 5
    for c in shown["contrasts"]:
        assert not any(name in c["group_a"] + c["group_b"] for name in names)
    for curve in shown["curves"]:
        assert not any(name in curve["group"] for name in names)
    checks = [c for c in shown["checks"] if c["group"] in names]
    assert len(checks) == 4
    for c in checks:
        assert (c["value"], c["low"], c["high"], c["verdict"]) == (None, None, None, "INCONCLUSIVE")
    withheld = {r["group"] for r in shown["rows"] if r["attribute"] == "race" and r["suppressed"]}
    assert withheld >= set(names)
    for line in shown["compat"]:
        if line["attribute"] == "race":
            hidden = line["group"] in (*withheld, "all")
            assert (line["original"] == "hidden") == hidden
    assert not any(name in family for family in shown["provenance"]["families"] for name in names)


def test_the_texts_of_the_report_show_no_number_of_a_small_group(with_few: Path) -> None:
    folder = with_few / "report"
    assert {f.name for f in folder.iterdir()} == {
        "report.json", "report.html", "groups.csv", "contrasts.csv", "report.md", "junit.xml",
        "model_card.md", "chai.xml", "MANIFEST.sha256", "original_results.csv",
    }  # fmt: skip
    with (folder / "original_results.csv").open(newline="") as file:
        (originals,) = csv.DictReader(file)
    of_race = {n: value for n, value in originals.items() if "attr0" in n}
    assert of_race["auc_attr0_group2"] != ""  # White
    assert {value for n, value in of_race.items() if not re.search(r"group\d", n)} == {""}
    with (folder / "groups.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if "Zyzzyva" in row["group"]:
                assert row["value"] == row["low"] == row["high"] == ""
                assert row["n"] == row["n_positive"]
                assert row["n"] in ("", "0")
    lines = (folder / "report.md").read_text().splitlines()
    of_group = [re.split(r"(?<!\\)\|", line) for line in lines if "Zyzzyva" in line]
    assert len(of_group) >= 3
    for cells in (cells for cells in of_group if "Zyzzyva" in cells[2]):
        assert not [cell for cell in cells if re.search(r"\d\.\d{3}", cell)], cells
    for line in (folder / "junit.xml").read_text().splitlines():
        assert "Zyzzyva" not in line or "undefined" in line or "<testcase" in line


def test_no_small_count_follows_from_all_files_together(with_few: Path) -> None:
    columns = cohort(900, seed=7)
    columns["race"] = ["Zyzzyva" if i % 60 == 3 else race for i, race in enumerate(columns["race"])]
    columns["site"] = [f"site{site}" for site in columns["site"]]
    source = write_csv(with_few / "more.csv", columns)
    flags = ["--attributes", "race,gender,site", "--intersect", "race*gender,gender*site"]
    assert report(source, with_few / "all", *flags, "--control", "site") == 0
    rows = {(r["attribute"], r["group"]): r for r in document(with_few / "all")["rows"]}
    printed = [
        Printed(*name, row["n"], row["n_positive"], row["suppressed"]) for name, row in rows.items()
    ]
    factors = []
    for name in ("race", "gender", "site"):
        groups = tuple(sorted({str(value) for value in columns[name]} - {""}))
        codes = [groups.index(str(v)) if v in groups else -1 for v in columns[name]]
        factors.append(plain(Attribute(name, groups), np.array(codes)))
    attacker = Attacker(factors, np.array(columns["target"]), 11)
    ranges = attacker.ranges(printed)
    assert ("race", "Zyzzyva") in ranges
    assert ("race | site site1", "Zyzzyva") in ranges
    assert min(min(counts) for counts in ranges.values()) >= 5


def test_few_positives_can_be_shown_at_a_cost(tmp_path: Path) -> None:
    columns = cohort(400, seed=3)
    few = [i for i, race in enumerate(columns["race"]) if race == "Asian"][:40]
    for k, i in enumerate(few):
        columns["race"][i], columns["target"][i] = "Yellowhammer", int(k < 4)
    source = write_csv(tmp_path / "few.csv", columns)
    assert report(source, tmp_path / "default", "--attributes", "race") == 0
    assert (
        report(source, tmp_path / "off", "--attributes", "race", "--suppress-positives-below", 0)
        == 0
    )
    place = ("race", "Yellowhammer", "auc")
    default, off = (all_rows(tmp_path / run)[place] for run in ("default", "off"))
    assert (default["value"], default["n"], default["n_positive"]) == (None, None, None)
    assert default["suppressed"] == "few positives or negatives"
    assert (off["n"], off["n_positive"], off["suppressed"]) == (40, 4, None)
    assert off["value"] is not None


def test_the_same_cases_have_the_same_numbers(tmp_path: Path) -> None:
    columns = cohort(300, seed=1)
    columns["race"] = [race or "White" for race in columns["race"]]
    source = write_csv(tmp_path / "known.csv", columns)
    assert report(source, tmp_path, "--attributes", "race,gender", "--control", "site") == 0
    found = all_rows(tmp_path)
    for metric in ("auc", "average_precision", "calibration_slope"):
        of_all = [found[name, "all", metric] for name in ("overall", "race", "gender")]
        assert of_all[0]["low"] is not None
        assert len({(row["value"], row["low"], row["high"]) for row in of_all}) == 1


def test_an_attribute_that_nobody_recorded_takes_one_line(tmp_path: Path) -> None:
    columns = cohort(300, seed=2)
    columns["language"] = [""] * 300
    source = write_csv(tmp_path / "none.csv", columns)
    flags = ("--attributes", "gender,language", "--control", "site")
    assert report(source, tmp_path, *flags) == 0
    text = (tmp_path / "report" / "report.md").read_text()
    lines = [line for line in text.splitlines() if "language" in line]
    assert lines == ["- not recorded for any image: language"]
