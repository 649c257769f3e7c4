"""`fair-audit` of a real server whose model takes the group: three ways, side by side."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fair_audit_runs import audit, failure
from served_by_group import GROUP_SPEC, SHIFTS, answered

from fairness.arrays import FloatArray, IntArray
from fairness.compat.fairfedmed import compat_fairfedmed
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.metrics.classification import auc
from fairness.outcomes import Outcomes

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further

QUICK = ("--replicates", 100, "--suppress-below", 2)


@pytest.fixture(scope="module")
def split(split_root: Path) -> FairVLMed:
    return FairVLMed(split_root, "test")


@pytest.fixture(scope="module")
def finished(endpoint: str, split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("by_group") / "run"
    flags = ("--model", "by_group", "--data", split_root, "--compat", "fairfedmed", *QUICK)
    assert audit(endpoint, *flags, "--out", out) == 0
    return out


@pytest.fixture(scope="module")
def scores(split: FairVLMed) -> FloatArray:
    """(4, n): as unknown, then as each group, by numpy."""
    images = [sample.image for sample in samples(split)]
    return np.stack([answered(images, code) for code in (-1, 0, 1, 2)])  # type: ignore[arg-type]  # any shapes


@pytest.fixture(scope="module")
def recorded(split: FairVLMed, scores: FloatArray) -> FloatArray:
    """(n,) with the recorded group."""
    found: FloatArray = scores[split.codes["race"] + 1, np.arange(len(split))]
    return found


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report" / "report.json").read_text())
    return found


def values(report: dict[str, Any]) -> dict[tuple[str, str, str], Any]:
    return {(r["attribute"], r["group"], r["metric"]): r["value"] for r in report["rows"]}


def rates(score: FloatArray, labels: IntArray, threshold: float) -> tuple[float, float]:
    chosen = score >= threshold
    return float(chosen[labels == 1].mean()), float(chosen[labels == 0].mean())


def test_recorded_and_withheld_numbers_equal_numpy(
    finished: Path, split: FairVLMed, scores: FloatArray, recorded: FloatArray
) -> None:
    report = document(finished)
    withheld = report["also"][0]
    assert GROUP_SPEC.threshold is not None
    threshold = GROUP_SPEC.threshold.value
    for found, score in ((values(report), recorded), (values(withheld), scores[0])):
        assert np.abs(score - threshold).min() > 1e-6  # no rounding decides
        assert found["overall", "all", "auc"] == pytest.approx(auc(split.labels, score), abs=1e-9)
        tpr, fpr = rates(score, split.labels, threshold)
        assert found["overall", "all", "true_positive_rate"] == pytest.approx(tpr)
        assert found["overall", "all", "false_positive_rate"] == pytest.approx(fpr)
        white = split.codes["race"] == 2
        assert found["race", "White", "selection_rate"] == pytest.approx(
            (score[white] >= threshold).mean()
        )
    # The group of the whole cohort changes no rank within one race, but ranks across races.
    assert auc(split.labels, recorded) != auc(split.labels, scores[0])


def test_counterfactual_numbers_equal_numpy(
    finished: Path, split: FairVLMed, scores: FloatArray
) -> None:
    found = values(document(finished)["also"][1])
    spread = found["overall", "all", "counterfactual_spread"]
    assert spread == pytest.approx(max(SHIFTS[1:]) - min(SHIFTS[1:]), abs=1e-6)
    decided = scores[1:] >= 0.25
    flips = decided.any(axis=0) & ~decided.all(axis=0)
    assert found["overall", "all", "counterfactual_flip"] == pytest.approx(flips.mean())
    female = split.codes["gender"] == 0
    assert found["gender", "Female", "counterfactual_flip"] == pytest.approx(flips[female].mean())
    assert 0 < flips.mean() < 1


def test_the_ways_stand_side_by_side_everywhere(
    finished: Path, endpoint: str, split_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--model", "by_group", "--data", split_root, *QUICK, "--out", finished, "--resume")
    before = (finished / "report" / "groups.csv").read_bytes()
    assert audit(endpoint, *flags, "--compat", "fairfedmed") == 0  # again, from the journal
    assert (finished / "report" / "groups.csv").read_bytes() == before
    printed = capsys.readouterr().out
    text = (finished / "report" / "report.md").read_text()
    models = {other["rows"][0]["model"] for other in document(finished)["also"]}
    assert models == {"by_group, group withheld", "by_group, every group in turn"}
    for model in models:
        assert model in printed
        assert f"# {model}".replace("_", "\\_") in text
        assert model.encode() in before
    for label in ("AUC", "spread", "flips"):
        assert label in printed
        assert label in text
    assert "by_group version 1 (verified)" in printed


def test_the_journal_keeps_every_way(finished: Path, split: FairVLMed) -> None:
    assert (finished / "records" / "outcomes.parquet").exists()
    provenance = document(finished)["provenance"]
    assert provenance["data"]["n"] == len(split)
    assert provenance["model"]["identity"] == "verified"


def test_the_originals_numbers_are_of_the_recorded_groups(
    finished: Path, split: FairVLMed, recorded: FloatArray
) -> None:
    outcomes = Outcomes(
        ids=tuple(split.ids),
        patients=tuple(split.patients),
        attributes=split.attributes,
        codes=split.codes,
        covariates={},
        target=split.labels,
        score=recorded,
    )
    expected = compat_fairfedmed(outcomes, 2)
    shown = document(finished)["compat"]
    assert len(shown) == len(expected)
    for line, number in zip(shown, expected, strict=True):
        assert (line["attribute"], line["metric"]) == (number.attribute, number.metric)
        if number.original is not None:
            assert line["original"] == f"{number.original:.4f}"


def test_data_with_other_groups_are_refused(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--model", "other_groups", "--data", split_root, "--out", tmp_path / "run")
    line = failure(capsys, 3, endpoint, *flags)
    assert "race has the groups ('Asian', 'Black', 'White'), the model was trained for" in line
    assert not (tmp_path / "run").exists()
