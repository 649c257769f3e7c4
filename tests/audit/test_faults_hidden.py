"""A small group beside large ones: it is hidden, they are compared, and what is told is true."""

from pathlib import Path

import pytest
from scored_files import document, report, rows

SOURCE = Path(__file__).parents[3] / "shared" / "faults" / "stat_hidden.csv"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SOURCE.exists(), reason="the folder of faulty files is absent"),
]


def test_the_large_groups_are_compared_and_only_the_small_one_is_few(tmp_path: Path) -> None:
    assert report(SOURCE, tmp_path, "--attributes", "site") == 0
    found, text = rows(tmp_path), (tmp_path / "report" / "report.md").read_text()
    aucs = {group: found["site", group, "auc"] for group in ("A", "B", "H")}
    assert aucs["H"]["value"] is None
    assert aucs["H"]["suppressed"] == "few people"
    assert all(aucs[group]["value"] > 0.9 for group in ("A", "B"))
    pairs = [c for c in document(tmp_path)["contrasts"] if c["metric"] == "auc"]
    assert [(c["group_a"], c["group_b"]) for c in pairs] == [("A", "B")]
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| site |")]
    cells = {cell[1]: cell[2] for cell in lines if cell[1] in aucs}
    assert cells["H"] == "\\< 11"
    assert "1500" in (cells["A"], cells["B"])
    assert "withheld" in (cells["A"], cells["B"])


def test_numbers_of_the_group_without_counts_have_two_decimals(tmp_path: Path) -> None:
    assert report(SOURCE, tmp_path, "--attributes", "site") == 0
    (withheld,) = {r["group"] for r in rows(tmp_path).values() if r["suppressed"] == "withheld"}
    told = document(tmp_path)
    numbers = [r for r in told["rows"] if r["group"] == withheld]
    numbers += [c for c in told["contrasts"] if withheld in (c["group_a"], c["group_b"])]
    assert len(numbers) > 20
    for number in numbers:
        assert (number.get("n"), number.get("n_positive")) == (None, None)
        shown = [number[key] for key in ("value", "low", "high") if number[key] is not None]
        assert shown == [round(x, 2) for x in shown]
    (curve,) = [c for c in told["curves"] if c["group"] == withheld]
    assert all(p["n"] is None and p["observed"] == round(p["observed"], 1) for p in curve["points"])
