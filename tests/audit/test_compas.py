"""Published figures through the command line: ProPublica's analysis of COMPAS scores (2016)."""

import csv
from pathlib import Path

import pytest
from scored_files import document, report, rows, write_csv

SOURCE = Path(__file__).parents[3] / "shared" / "data" / "compas_scores" / "compas_two_years.csv"
FLAGS = ("--target", "two_year_recid", "--score", "decile_score", "--threshold", 5)
PAIR = ("African-American", "Caucasian")  # deciles from 5 on are ProPublica's "medium or high"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SOURCE.exists(), reason="the data folder is absent"),
]


def test_propublica_s_error_rates(tmp_path: Path) -> None:
    shown = ("--suppress-positives-below", 0)  # of 18 Native Americans 8 did not reoffend
    assert report(SOURCE, tmp_path, *FLAGS, "--attributes", "race", *shown) == 0
    published = {PAIR[0]: (0.4485, 0.2799), PAIR[1]: (0.2345, 0.4772)}
    found = rows(tmp_path)
    for group, expected in published.items():
        rates = [
            round(found["race", group, metric]["value"], 4)
            for metric in ("false_positive_rate", "false_negative_rate")
        ]
        assert tuple(rates) == expected
    contrasts = {
        c["metric"]: c["value"]
        for c in document(tmp_path)["contrasts"]
        if (c["group_a"], c["group_b"]) == PAIR
    }
    assert round(contrasts["selection_rate"], 4) == 0.2402
    assert round(contrasts["false_positive_rate"], 4) == 0.2139
    assert found["race", "Native American", "auc"]["n"] == 18
    assert found["overall", "all", "calibration_slope"]["reason"] == (
        "the scores are no probabilities"
    )


def test_a_large_group_is_rounded_where_it_would_give_a_small_class_away(tmp_path: Path) -> None:
    assert report(SOURCE, tmp_path, *FLAGS, "--attributes", "race") == 0
    small, large = (
        rows(tmp_path)["race", g, "selection_rate"] for g in ("Native American", PAIR[1])
    )
    assert (small["value"], small["suppressed"]) == (None, "few positives or negatives")
    assert (large["n"], large["value"]) == (None, 0.35)


def test_the_gaps_between_the_two_groups(tmp_path: Path) -> None:
    with SOURCE.open(encoding="utf-8", newline="") as file:
        kept = [row for row in csv.DictReader(file) if row["race"] in PAIR]
    names = ("id", "two_year_recid", "decile_score", "race")
    source = write_csv(tmp_path / "two.csv", {name: [row[name] for row in kept] for name in names})
    assert report(source, tmp_path / "out", *FLAGS) == 0
    found = rows(tmp_path / "out")
    assert round(found["race", "all", "demographic_parity_difference"]["value"], 4) == 0.2402
    assert round(found["race", "all", "equalized_odds_difference"]["value"], 4) == 0.2139
