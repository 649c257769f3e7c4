"""`fair-audit compare` of several runs: one table, the verdict of a policy, too few people."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_runs import changed, compare, found, stored
from scored_files import cohort

from audit.cli import run

pytestmark = pytest.mark.further

POLICY = """name: not worse
rules:
  - {metric: auc, attribute: race, change: true, min: -0.1}
  - {metric: auc_difference, attribute: race, scope: gap, max: 0.1}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where Black is scored worse; where it is lifted; where White is lowered instead."""
    folder = tmp_path_factory.mktemp("runs")
    apart = changed(cohort(700), "Black", -0.6)
    columns = (apart, changed(apart, "Black", 0.6), changed(apart, "White", -1.0))
    return [stored(folder, one, f"run{k}") for k, one in enumerate(columns)]


@pytest.fixture(scope="module")
def table(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all three against the second, which is named as the reference."""
    out = tmp_path_factory.mktemp("table")
    (out / "policy.yaml").write_text(POLICY)
    flags = ("--reference", runs[0], "--policy", out / "policy.yaml")
    assert compare(out / "all", runs[1], runs[0], runs[2], *flags) == 1
    return out / "all"


def of_race(document: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Run to its row of the race."""
    return {row["run"]: row for row in document["rows"] if row["attribute"] == "race"}


def test_all_runs_stand_in_one_table_against_the_reference(table: Path) -> None:
    document = found(table)
    assert document["reference"] == 2
    assert [one["number"] for one in document["runs"]] == [2, 1, 3]
    assert [one["verdict"] for one in document["runs"]] == [None, "PASS", "FAIL"]
    assert document["verdict"] == "FAIL"
    rows = of_race(document)
    assert rows[2]["worst"]["group"] == "Black"
    assert rows[2]["overall_change"] is None
    assert rows[1]["said"] == "narrower because the worst group gained"
    assert rows[3]["worst"]["group"] == "White"
    page = (table / "compare.html").read_text()
    for number in (1, 3):
        assert f'href="{number}-against-2/compare.html"' in page
        assert (table / f"{number}-against-2" / "compare.html").exists()
    assert "<script" not in page


def test_the_change_of_a_gap_is_that_of_two_independent_groups(table: Path) -> None:
    """Newcombe's square-and-add interval of both groups' changes (MOVER, Zou and Donner 2008)."""
    row = of_race(found(table))[1]
    pair = found(table / "1-against-2")
    (level,) = [one for one in pair["levelling"] if one["attribute"] == "race"]
    gap, best, worst = level["gap_change"], level["best_change"], level["worst_change"]
    assert row["gap_change"] == gap
    assert row["worst_change"] == worst
    assert gap["value"] == pytest.approx(best["value"] - worst["value"], abs=1e-12)
    low = np.hypot(best["value"] - best["low"], worst["high"] - worst["value"])
    high = np.hypot(best["high"] - best["value"], worst["value"] - worst["low"])
    assert gap["low"] == pytest.approx(gap["value"] - low, abs=1e-12)
    assert gap["high"] == pytest.approx(gap["value"] + high, abs=1e-12)
    assert (gap["p"] < 0.05) == (gap["high"] < 0)
    (black,) = [
        c for c in pair["changes"]
        if (c["attribute"], c["group_a"], c["metric"]) == ("race", "Black", "auc")
    ]  # fmt: skip
    # Three groups against one reference in each of two runs hold together.
    assert black["p_adjusted"] == pytest.approx(1 - (1 - black["p"]) ** 6, abs=1e-12)


def test_rules_on_a_change_are_judged_and_the_others_named(table: Path) -> None:
    document = found(table / "3-against-2")
    assert document["verdict"] == "FAIL"
    failed = [check for check in document["checks"] if check["verdict"] == "FAIL"]
    assert [check["group"] for check in failed] == ["White"]
    assert document["not_judged"] == ["auc_difference of race (gap): <= 0.1"]
    assert "Not judged" in (table / "3-against-2" / "compare.html").read_text()
    assert "<failure" in (table / "3-against-2" / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{metric: auc, min: 0.1}", "no rule is on a change"),
        ("{metric: auc, attribute: rice, change: true, min: 0}", "no such attribute"),
    ],
)
def test_a_policy_that_nothing_can_be_judged_by_is_refused(
    rule: str,
    said: str,
    runs: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.commands.compare.sides_of", None)  # nothing is resampled before
    (tmp_path / "p.yaml").write_text(f"name: p\nrules: [{rule}]")
    assert compare(tmp_path / "out", *runs[:2], "--policy", tmp_path / "p.yaml") == 2
    assert said in capsys.readouterr().err
    assert compare(tmp_path / "out", *runs[:2], "--compat", "fairclip") == 2
    assert "--compat belongs to an audit" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nobody_is_counted_where_they_are_few(tmp_path: Path) -> None:
    few = stored(tmp_path, cohort(9), "few")
    assert compare(tmp_path / "out", few, few) == 0
    document = found(tmp_path / "out")
    assert document["about"]["n"] is None
    assert document["flips"] == document["delong"] == document["levelling"] == []
    assert {c["value"] for c in document["changes"]} == {None}
    assert "The same few samples" in (tmp_path / "out" / "compare.html").read_text()


def test_the_schema_names_every_key(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "compare"]) == 0
    kinds = json.loads(capsys.readouterr().out)["$defs"]
    pair = found(table / "3-against-2")
    for kind, written in (
        ("RunsDocument", found(table)), ("PairDocument", pair), ("SideDocument", pair["first"]),
        ("Standing", found(table)["rows"][0]), ("RunLine", found(table)["runs"][0]),
        ("Levelling", pair["levelling"][0]), ("Flips", pair["flips"][0]),
        ("PairedTest", pair["delong"][0]), ("Contrast", pair["changes"][0]),
    ):  # fmt: skip
        assert set(written) == set(kinds[kind]["properties"]), kind
