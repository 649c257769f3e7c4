"""BLIP-2 as a user types it: data > training > ONNX > Triton > fair-audit.

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


@pytest.mark.methods
def test_served_scores_are_blip2_s_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_fairvlmed(data, Recipe(train=40, val=20, test=40, seed=3))
    # The best epoch on so few images may be one that has learned nothing; the last has.
    sizes = ("--epochs", 60, "--batch-size", 20, "--group-batch-size", 4)
    flags = ("--preset", "tiny", *sizes, "--select-on", "last")
    command(tmp_path, "training.blip2", "--data", data, "--out", "run", *flags)
    printed = command(tmp_path, "export", "run", "--repository", "model_repository")
    assert "blip2 (paper mode)" in printed
    command(tmp_path, "export.answers", "run", "--data", data, "--out", "reference")
    with TritonServer(tmp_path / "model_repository") as server:
        asked = ["--endpoint", server.grpc_endpoint, "--data", str(data), "--replicates", "100"]
        assert fair_audit([*asked, "--out", str(tmp_path / "audit")]) == 0
    report = (tmp_path / "audit" / "report" / "report.md").read_text()
    assert "blip2 (paper mode)" in report
    assert "(verified)" in report
    served, torch = (
        pq.read_table(tmp_path / folder / "records" / "outcomes.parquet").sort_by("id")
        for folder in ("audit", "reference")
    )
    assert served["id"].to_pylist() == torch["id"].to_pylist()
    scores = [table["score"].to_numpy() for table in (served, torch)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)
    assert np.ptp(scores[0]) > 0.01
