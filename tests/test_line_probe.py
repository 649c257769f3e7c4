"""A probe on images and notes as a user types it: data > training > ONNX > Triton > fair-audit.

Served scores must be training's own, sample by sample.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import command

from audit.cli import run as fair_audit
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from serving.launcher import TritonServer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "fairvlmed"
    write_fairvlmed(root, Recipe(train=40, val=20, test=40, seed=2))
    return root


@pytest.mark.methods
def test_served_scores_of_notes_are_the_probe_s_own(data: Path, tmp_path: Path) -> None:
    flags = ("--preset", "tiny", "--features", "image-text", "--epochs", 60, "--batch-size", 16)
    command(tmp_path, "training.probe", "--data", data, "--out", "run", *flags)
    printed = command(tmp_path, "export", "run", "--repository", "model_repository")
    assert "probe (linear head on image-text)" in printed
    command(tmp_path, "export.answers", "run", "--data", data, "--out", "reference")
    with TritonServer(tmp_path / "model_repository") as server:
        asked = ["--endpoint", server.grpc_endpoint, "--data", str(data), "--replicates", "100"]
        assert fair_audit([*asked, "--out", str(tmp_path / "audit")]) == 0
    report = (tmp_path / "audit" / "report" / "report.md").read_text()
    assert "(verified)" in report
    assert "selected on val: epoch" in report
    ours, theirs = (
        pq.read_table(tmp_path / folder / "records" / "outcomes.parquet").sort_by("id")
        for folder in ("audit", "reference")
    )
    assert ours["id"].to_pylist() == theirs["id"].to_pylist()
    scores = [table["score"].to_numpy() for table in (ours, theirs)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)
    assert np.ptp(scores[0]) > 0.05
