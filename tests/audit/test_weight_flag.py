"""`--weight`: the whole report weighted, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scored_files import Columns, document, report, rows, write_csv

pytest_plugins = ["scored_cohort"]


@pytest.fixture
def drawn(columns: Columns, tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    weights = rng.choice([1.0, 3.0], 600).tolist()
    return write_csv(tmp_path / "drawn.csv", {**columns, "w": weights, "one": [1] * 600})


def test_a_report_is_weighted_and_says_so(drawn: Path, tmp_path: Path) -> None:
    assert report(drawn, tmp_path / "plain") == 0
    assert report(drawn, tmp_path / "weighted", "--weight", "w") == 0
    plain, found = rows(tmp_path / "plain"), rows(tmp_path / "weighted")
    of_auc = found["race", "White", "auc"]
    assert of_auc["method"] == "delong-score, weighted"
    assert of_auc["value"] != plain["race", "White", "auc"]["value"]
    assert of_auc["n"] == plain["race", "White", "auc"]["n"]
    assert found["race", "White", "average_precision"]["low"] is not None
    assert found["race", "White", "calibration_slope"]["low"] is not None
    weights = document(tmp_path / "weighted")["provenance"]["weights"]
    assert weights["column"] == "w"
    assert 400 < weights["effective_patients"] < 500
    text = (tmp_path / "weighted" / "report" / "report.md").read_text()
    assert "weighted by w: worth" in text


def test_decision_curves_are_weighted(drawn: Path, tmp_path: Path) -> None:
    flags = ("--weight", "w", "--decision-range", "0.2,0.6")
    assert report(drawn, tmp_path / "out", *flags) == 0
    beside = document(tmp_path / "out")["beside"]
    assert (beside["scores"], beside["recalibrated"]) == ([], [])
    assert beside["decisions_note"] == "weighted"
    prevalence = rows(tmp_path / "out")["overall", "all", "prevalence"]["value"]
    for one in beside["decisions"]:
        assert one["low"] < one["net_benefit"] < one["high"]
        if one["attribute"] == "overall":
            cost = one["threshold"] / (1 - one["threshold"])
            assert one["treat_all"] == pytest.approx(prevalence - (1 - prevalence) * cost)


def test_equal_weights_leave_every_number_as_it_is(drawn: Path, tmp_path: Path) -> None:
    assert report(drawn, tmp_path / "plain") == 0
    assert report(drawn, tmp_path / "one", "--weight", "one") == 0
    for name in ("groups.csv", "contrasts.csv"):
        both = [(tmp_path / run / "report" / name).read_bytes() for run in ("plain", "one")]
        assert both[0] == both[1]
    found = [document(tmp_path / run) for run in ("plain", "one")]
    assert all(found[0][part] == found[1][part] for part in ("rows", "contrasts", "curves"))


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--weight", "height"), 2, "no column 'height' of numbers"),
        (("--weight", "md"), 3, "every sample needs one above 0"),
        (("--weight", "w", "--adjust-for", "age"), 2, "--weight and --adjust-for cannot be had"),
        (("--weight", "w", "--compat", "fairclip"), 2, "--weight and --compat cannot be had"),
    ],
)
def test_what_weights_cannot_be_had_with_is_refused(
    drawn: Path,
    tmp_path: Path,
    flags: tuple[str, ...],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report(drawn, tmp_path / "out", *flags) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "report").exists()
