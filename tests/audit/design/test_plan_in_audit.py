"""`--plan`: the verdict carries what was expected before, beside what was found."""

import os
from html import unescape
from pathlib import Path

import pytest
from scored_files import document, report

from audit.cli import run
from audit.design.plan_file import plan_identity
from audit.records.journal import Journal, check_run
from fairness.errors import DataError, UsageError

pytest_plugins = ["scored_cohort"]

POLICY = """
name: planned
rules:
  - {metric: auc, attribute: race, min: 0.7}
  - {metric: true_positive_rate, attribute: race, scope: pairs, max: 0.3}
"""
DESIGN = """
prevalence: 0.5
auc: 0.85
tpr: 0.8
groups:
  - {of: {race: Asian}, n: 120, auc: 0.8}
  - {of: {race: Black}, n: 180}
  - {of: {race: White}, n: 250}
  - {of: {race: Other}, n: 60}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("planned")
    (found / "policy.yaml").write_text(POLICY)
    (found / "design.yaml").write_text(DESIGN)
    flags = ["--policy", found / "policy.yaml", "--design", found / "design.yaml"]
    words = [*map(str, flags), "--draws", "200", "--no-sizes", "--out", str(found / "plan.json")]
    assert run(["plan", *words]) == 0
    return found


@pytest.fixture(scope="module")
def out(source: Path, folder: Path) -> Path:
    flags = ("--policy", folder / "policy.yaml", "--plan", folder / "plan.json")
    assert report(source, folder / "run", *flags) in (0, 1)
    return folder / "run"


def test_the_verdict_carries_the_plan(out: Path, folder: Path) -> None:
    found, plan = document(out), (folder / "plan.json").read_text()
    planned = found["planned"]
    assert planned["sha256"] in plan
    assert [rule["verdict"] for rule in planned["rules"]][-1] == found["verdict"]
    assert len(planned["rules"]) == 3
    numbers = {(n["group"], n["number"]): n for n in planned["numbers"]}
    assert numbers["Asian", "auc"]["assumed"] == pytest.approx(0.8)
    assert numbers["Black", "true_positive_rate"]["assumed"] == pytest.approx(0.8)
    rows = {(r["group"], r["metric"]): r for r in found["rows"] if r["attribute"] == "race"}
    for group in ("Asian", "Black", "White"):
        assert numbers[group, "n"]["found"] == rows[group, "auc"]["n"]
        assert numbers[group, "auc"]["found"] == rows[group, "auc"]["value"]
        assert numbers[group, "prevalence"]["found"] == rows[group, "prevalence"]["value"]
    assert numbers["Other", "n"]["found"] is None
    said = " ".join(planned["remarks"])
    assert "planned, and not in the data: Other" in said
    assert "group is unknown was not planned" in said


def test_people_see_plan_hash_and_assumptions(out: Path, folder: Path) -> None:
    sha256 = document(out)["planned"]["sha256"]
    for name in ("report.md", "report.html"):
        text = unescape((out / "report" / name).read_text())
        for words in (sha256, "PASS expected", "assumed", "200 simulated audits"):
            assert words in text


def test_a_plan_younger_than_the_predictions_is_said_so(
    source: Path, out: Path, folder: Path, tmp_path: Path
) -> None:
    assert any("written after the file of predictions" in r for r in planned_remarks(out))
    younger = tmp_path / "scores.csv"
    younger.write_bytes(source.read_bytes())
    os.utime(younger, (4e9, 4e9))
    flags = ("--policy", folder / "policy.yaml", "--plan", folder / "plan.json")
    assert report(younger, tmp_path / "run", *flags) in (0, 1)
    assert not any("written after" in remark for remark in planned_remarks(tmp_path / "run"))


def planned_remarks(out: Path) -> list[str]:
    remarks: list[str] = document(out)["planned"]["remarks"]
    return remarks


def test_a_plan_of_other_attributes_or_without_policy_is_refused(
    source: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "design.yaml"
    other.write_text(DESIGN.replace("race:", "tribe:"))
    rules = tmp_path / "policy.yaml"
    rules.write_text("name: p\nrules:\n  - {metric: auc, min: 0.7}\n")
    words = ["--policy", rules, "--design", other, "--draws", "100", "--no-sizes"]
    assert run(["plan", *map(str, words), "--out", str(tmp_path / "plan.json")]) == 0
    flags = ("--plan", tmp_path / "plan.json")
    assert report(source, tmp_path / "run", "--policy", rules, *flags) == 2
    assert "speaks of 'tribe'" in capsys.readouterr().err
    assert report(source, tmp_path / "run", *flags) == 2
    assert "--policy" in capsys.readouterr().err


def test_a_plan_cannot_be_brought_to_a_run_that_has_begun(folder: Path, tmp_path: Path) -> None:
    begun, path = {"model": "m"}, tmp_path / "journal.sqlite"
    with Journal(path, begun, resume=False):
        pass
    with pytest.raises(DataError, match="does not say its plan"):
        check_run(path, {**begun, **plan_identity(folder / "plan.json")}, resume=True)
    with Journal(
        tmp_path / "planned", {**begun, **plan_identity(folder / "plan.json")}, resume=False
    ):
        pass
    later = plan_identity(folder / "policy.yaml")
    with pytest.raises(UsageError, match="its plan"):
        check_run(tmp_path / "planned", {**begun, **later}, resume=True)
