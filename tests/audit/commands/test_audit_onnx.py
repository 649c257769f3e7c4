"""`fair-audit --onnx`: an audit of a file, without any server."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from served import SPEC, with_probes, write_model
from served_parity import edge_grey

from audit.cli import run
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file that answers the mean grey of a strip, its configuration beside it."""
    repository = tmp_path_factory.mktemp("audit_onnx")
    write_model(repository, "edge", with_probes(SPEC), edge_grey())
    return repository / "edge" / "1" / "model.onnx"


def test_an_audit_of_a_file_has_the_scores_that_its_graph_computes(
    edge: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    write_fairvlmed(data, Recipe(train=2, val=2, test=30, seed=5))
    words = ["--onnx", str(edge), "--data", str(data), "--out", str(out), "--replicates", "100"]
    assert run(words) == 0
    table = pq.read_table(out / "records" / "outcomes.parquet").to_pydict()
    expected = []
    for name in table["id"]:
        with np.load(next(data.glob(f"Test/{name}*"))) as arrays:
            expected.append(arrays["slo_fundus"][:96].mean() / 255)
    assert table["score"] == pytest.approx(expected, abs=1e-5)
    provenance = json.loads((out / "report" / "report.json").read_text())["provenance"]
    assert provenance["server"]["endpoint"] == str(edge)
    assert provenance["server"]["name"].startswith("ONNX Runtime")
    assert provenance["model"]["identity"] == "verified"


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--onnx", "EDGE", "--model", "edge"), 2, "leave out --model and --version"),
        (("--onnx", "nowhere.onnx"), 3, "--onnx nowhere.onnx: no such file"),
    ],
)
def test_what_an_audit_of_a_file_refuses(
    edge: Path,
    flags: tuple[str, ...],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([str(edge) if flag == "EDGE" else flag for flag in flags]) == code
    assert said in capsys.readouterr().err
