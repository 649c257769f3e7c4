"""No file under report/ shows a number of a group of few people, whatever was asked for."""

import csv
import re
from pathlib import Path

import pytest
from scored_files import cohort, document, report, write_csv


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
    names = ("Zyzzyva", "Yellowhammer")  # the second follows from the first and the total
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
    for line in shown["compat"]:
        if line["attribute"] == "race":
            hidden = line["group"] in (*names, "all")
            assert (line["original"] == "hidden") == hidden
    assert not any(name in family for family in shown["provenance"]["families"] for name in names)


def test_the_texts_of_the_report_show_no_number_of_a_small_group(with_few: Path) -> None:
    folder = with_few / "report"
    assert {f.name for f in folder.iterdir()} == {
        "report.json", "groups.csv", "contrasts.csv", "report.md", "junit.xml",
    }  # fmt: skip
    with (folder / "groups.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if "Zyzzyva" in row["group"]:
                assert row["value"] == row["low"] == row["high"] == ""
                assert row["n"] == row["n_positive"]
                assert row["n"] in ("", "0")
    lines = (folder / "report.md").read_text().splitlines()
    of_group = [re.split(r"(?<!\\)\|", line) for line in lines if "Zyzzyva" in line]
    assert len(of_group) >= 3
    for cells in of_group:
        assert not [cell for cell in cells if re.search(r"\d\.\d{3}", cell)], cells
    for line in (folder / "junit.xml").read_text().splitlines():
        assert "Zyzzyva" not in line or "undefined" in line or "<testcase" in line
