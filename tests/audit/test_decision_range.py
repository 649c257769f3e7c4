"""`--decision-range`: decision curves, scores and recalibration in every file."""

from pathlib import Path

import pytest
from scored_files import Columns, document, report, write_csv

pytest_plugins = ["scored_cohort"]


def test_curves_scores_and_recalibration_are_in_every_file(source: Path, tmp_path: Path) -> None:
    flags = ("--decision-range", "0.2,0.6", "--target-prevalence", "gender=Male:0.1")
    assert report(source, tmp_path / "out", *flags) == 0
    folder, beside = tmp_path / "out" / "report", document(tmp_path / "out")["beside"]
    of_male = {one["prevalence"] for one in beside["decisions"] if one["group"] == "Male"}
    of_female = {one["prevalence"] for one in beside["decisions"] if one["group"] == "Female"}
    assert (of_male, of_female) == ({0.1}, {None})
    for one in beside["decisions"]:
        assert one["low"] <= one["net_benefit"] <= one["high"]
        assert one["over_all"] == pytest.approx(one["net_benefit"] - one["treat_all"])
    assert {one["of"] for one in beside["scores"]} == {"positives", "negatives"}
    by_way = {
        (one["group"], one["way"]): one["value"]
        for one in beside["recalibrated"]
        if (one["metric"], one["attribute"]) == ("calibration_slope", "gender")
    }
    assert abs(by_way["Female", "one a group"] - 1) < abs(by_way["Female", "as served"] - 1)
    for name in ("decision_curves.csv", "recalibration.csv"):
        assert (folder / name).read_text().startswith("attribute,group,")
    for title in ("Net benefit", "Scores by class", "What recalibration would change"):
        assert title in (folder / "report.md").read_text()
        assert title in (folder / "report.html").read_text()
    assert "net benefit over thresholds of 2 groups" in (folder / "report.html").read_text()


def test_scores_that_are_no_probabilities_have_none(columns: Columns, tmp_path: Path) -> None:
    large = {**columns, "score": [9 * float(str(score)) for score in columns["score"]]}
    source = write_csv(tmp_path / "s.csv", large)
    flags = ("--threshold", "4.5", "--decision-range", "0.2,0.6")
    assert report(source, tmp_path / "out", *flags) == 2


@pytest.mark.parametrize("text", ["0.4,0.2", "0,0.5", "0.5", "a,b"])
def test_other_ranges_are_refused(
    source: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(source, tmp_path / "out", "--decision-range", text) == 2
    assert "is not LOW,HIGH" in capsys.readouterr().err


POLICY = "name: p\ndecision_range: {}\nrules:\n- {{metric: {}, min: 0.5}}\n"


def test_a_policy_names_the_range_and_the_flag_goes_before_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format("[0.3, 0.5]", "auc"))
    lowest = {}
    for name, flags, said in (
        ("by_policy", (), "decision range 0.3,0.5 of the policy"),
        (
            "by_flag",
            ("--decision-range", "0.2,0.6"),
            "decision range 0.2,0.6 by --decision-range, not 0.3,0.5 of the policy",
        ),
    ):
        assert report(source, tmp_path / name, "--policy", policy, *flags) == 0
        assert f"note: {said}" in " ".join(capsys.readouterr().out.split())
        found = document(tmp_path / name)["beside"]
        assert found["decisions_note"] == said
        lowest[name] = min(one["threshold"] for one in found["decisions"])
    assert lowest["by_flag"] < 0.3 <= lowest["by_policy"]


@pytest.mark.parametrize("stated", ["[0.4, 0.2]", "[0, 0.5]", "[0.1]", "0.4", "[a, b]"])
def test_other_ranges_of_a_policy_are_refused(
    source: Path, tmp_path: Path, stated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(stated, "auc"))
    assert report(source, tmp_path / "out", "--policy", policy) == 2
    assert "decision_range" in capsys.readouterr().err


def test_a_range_is_of_two_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format("[0.3, 0.5]", "lung_dice"))
    columns: Columns = {"id": ["a", "b"], "race": ["A", "B"], "lung_dice": [0.5, 0.6]}
    source = write_csv(tmp_path / "m.csv", columns)
    assert report(source, tmp_path / "out", "--policy", policy) == 2
    assert "decision_range is for classifiers of two classes" in capsys.readouterr().err
