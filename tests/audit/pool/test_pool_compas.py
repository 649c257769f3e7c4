"""Real risk scores, shared out to three sites: pooled rates are those that ProPublica printed."""

import csv
from pathlib import Path

import pytest
from scored_files import report, rows, write_csv

from audit.cli import run

COMPAS = Path(__file__).parents[3].parent / "shared/data/compas_scores/compas_two_years.csv"
LARGE = ("African-American", "Caucasian", "Hispanic")
"""Of the others each site has so few that it withholds further groups for their sake."""
PRINTED = {
    ("African-American", "false_positive_rate"): 0.4485,
    ("African-American", "false_negative_rate"): 0.2799,
    ("Caucasian", "false_positive_rate"): 0.2345,
    ("Caucasian", "false_negative_rate"): 0.4772,
}


@pytest.mark.realdata
@pytest.mark.skipif(not COMPAS.exists(), reason="the real data are absent")
def test_pooled_rates_are_the_printed_ones_and_the_auc_is_that_of_all_rows(tmp_path: Path) -> None:
    with COMPAS.open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    files = []
    for k in range(3):
        site = write(tmp_path, f"site{k}", people[k::3])
        out = tmp_path / f"site{k}.json"
        flags = ["--site", f"county {k}", "--label", "recidivism", "--out", str(out)]
        assert run(["summary", str(site), *flags]) == 0
        files.append(str(out))
    assert run(["pool", *files, "--out", str(tmp_path / "pooled")]) == 0
    found, whole = rows(tmp_path / "pooled"), rows(write(tmp_path, "whole", people))
    for (race, metric), printed in PRINTED.items():
        # They left out some who were scored later: counts differ by a few people.
        value = found["race", race, metric]["value"]
        assert value == pytest.approx(whole["race", race, metric]["value"], abs=1e-12)
        assert value == pytest.approx(printed, abs=0.0005)
    for names in (("race", "African-American"), ("race", "Caucasian"), ("sex", "Female")):
        ours, exact = found[*names, "auc"], whole[*names, "auc"]
        assert ours["n"] == exact["n"]
        assert ours["value"] == pytest.approx(exact["value"], abs=0.002)
        assert ours["low"] == pytest.approx(exact["low"], abs=0.003)


def write(folder: Path, name: str, people: list[dict[str, str]]) -> Path:
    """A run on some of the people; a decile above 4 is not `Low`."""
    columns: dict[str, list[object]] = {
        "id": [one["id"] for one in people],
        "target": [one["two_year_recid"] for one in people],
        "score": [(int(one["decile_score"]) - 0.5) / 10 for one in people],
        "race": [one["race"] if one["race"] in LARGE else "Other" for one in people],
        "sex": [one["sex"] for one in people],
    }
    source = write_csv(folder / f"{name}.csv", columns)
    flags = ("--attributes", "race,sex", "--threshold", "0.45", "--name", "compas")
    assert report(source, folder / name, *flags) == 0
    return folder / name
