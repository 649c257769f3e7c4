"""The whole line as a user types it: data > training > ONNX > Triton > fair-audit.

Served rows must equal training's own evaluation of the checkpoint, because everything after the
predictor is the same code.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import ROOT, command

from audit.cli import run as fair_audit
from fairness.attributes import RACE
from fairness.datasets.fairvlmed import FairVLMed
from fairness.evaluate import ask
from fairness.groups import recorded
from fairness.outcomes import Answered, Names
from fairness.statistics.settings import Settings
from fairness.summary import summarise
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from fairness.tasks.binary import SCORE, BinaryTask, probabilities
from serving.launcher import TritonServer
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.models.clip import restore
from training.models.prompts import tokenize
from training.predictor import torch_predict

GRAPE = ROOT.parent / "shared" / "data" / "grape_fairvlmed"


def whole_line(folder: Path, data: Path, *training_flags: object) -> Path:
    """Train into `folder/run`, export, serve, audit; returns the folder of the audit."""
    command(folder, "training.fairclip", "--data", data, "--out", "run", *training_flags)
    command(folder, "export", "run", "--repository", "model_repository", "--name", "fairclip")
    with TritonServer(folder / "model_repository") as server:
        # Small splits have groups of few positives, which a shared report would hide.
        flags = ["--endpoint", server.grpc_endpoint, "--data", str(data)]
        flags += ["--suppress-positives-below", "0"]
        assert fair_audit([*flags, "--model", "fairclip", "--out", str(folder / "audit")]) == 0
    return folder / "audit"


def answered_in_torch(run: Path, data: Path) -> tuple[Answered, float]:
    """Training's own evaluation of the checkpoint, and its threshold."""
    stored = checkpoint.load(run / "best")
    model, record = restore(stored), stored.record
    assert isinstance(record, FairCLIPRecord)
    predict = torch_predict(model, model.encode_text(tokenize(record.prompts)).detach())
    split = FairVLMed(data, "test", target=record.target)
    answered = ask(split, predict, probabilities, split.attributes)
    return answered, record.threshold.value


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(folder, data) after two training steps on a small synthetic split."""
    folder = tmp_path_factory.mktemp("line")
    data = folder / "data" / "fairvlmed"
    write_fairvlmed(data, Recipe(train=64, val=32, test=60, seed=7))
    whole_line(folder, data, "--epochs", 1, "--group-batch-size", 4, "--lr", 1e-5, "--seed", 4)
    return folder, data


def test_served_scores_are_the_checkpoint_s(line: tuple[Path, Path]) -> None:
    folder, data = line
    expected, _ = answered_in_torch(folder / "run", data)
    table = pq.read_table(folder / "audit" / "records" / "outcomes.parquet")
    assert table["id"].to_pylist() == list(expected.cases.ids)
    scores = expected.values[SCORE]
    np.testing.assert_allclose(table["score"].to_numpy(), scores, atol=1e-5)
    assert np.ptp(scores) > 2e-3, "all scores alike would prove nothing"


def test_served_rows_are_training_s_rows(line: tuple[Path, Path]) -> None:
    folder, data = line
    expected, threshold = answered_in_torch(folder / "run", data)
    names, settings = Names("fairclip", "fairvlmed", "test"), Settings(suppress_positives_below=0)
    (measured,) = BinaryTask(threshold).measured(expected, names, settings)
    report = summarise(measured, recorded(expected.cases), {}, settings)
    served = json.loads((folder / "audit" / "report" / "report.json").read_text())
    rows = {(r["attribute"], r["group"], r["metric"]): r for r in served["rows"]}
    compared = 0
    # The runtimes differ in the last digit; scores that far apart from each other and from the
    # threshold cannot change a rank or a prediction, so every number must be the same.
    distances = np.diff(np.sort(np.append(expected.values[SCORE], threshold)))
    assert distances.min() > 1e-6
    for row in report.rows:
        value = rows[row.attribute, row.group, row.metric]["value"]
        assert (value is None) == (row.value is None)
        if row.value is not None:
            # A slope over scores that hardly differ is large, and so is its rounding.
            rel = 1e-3 if row.metric.startswith("calibration") else 0
            assert value == pytest.approx(row.value, abs=1e-4, rel=rel), row
            compared += 1
    assert compared > 30


def test_the_report_says_that_the_model_was_verified(line: tuple[Path, Path]) -> None:
    text = (line[0] / "audit" / "report" / "report.md").read_text()
    assert "fairclip version 1 (verified)" in text
    assert "planted effect" in text


@pytest.mark.realdata
@pytest.mark.skipif(not GRAPE.is_dir(), reason="needs ../shared/data/grape_fairvlmed")
def test_grape_is_reported_by_gender_and_race_is_not_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--target", "progression_plr2", "--text-source", "label", "--attribute", "gender")
    audit = whole_line(tmp_path, GRAPE, *flags, "--epochs", 1)
    printed = capsys.readouterr().out
    rows = json.loads((audit / "report" / "report.json").read_text())["rows"]
    found = {(r["attribute"], r["group"], r["metric"]): r for r in rows}
    split = FairVLMed(GRAPE, "test", target="progression_plr2")
    for code, group in enumerate(("Female", "Male")):
        row = found["gender", group, "auc"]
        assert row["n"] == int((split.codes["gender"] == code).sum())
        assert 0 <= row["value"] <= 1
        assert row["method"] == "delong-score of patients"
        assert group in printed
    assert found["race", "unknown", "auc"]["n"] == len(split)
    assert all(found["race", group, "auc"]["n"] == 0 for group in RACE.groups)
    assert "not recorded for any image" in printed
