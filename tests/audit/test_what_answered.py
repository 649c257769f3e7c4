"""Two backends that give the same answers do not have the same provenance; the real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit
from google.protobuf import text_format
from served import SPEC, mean_grey, write_model
from tritonclient.grpc.model_config_pb2 import ModelConfig

from audit.client.answering import NOT_STATED
from audit.client.connection import Connection
from audit.client.endpoint import ServedModel, connect, describe
from audit.client.engine import with_engine
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from serving.launcher import TritonServer

IN_NUMPY = """
import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        found = []
        for request in requests:
            (image,) = request.inputs()
            means = image.as_numpy().mean(axis=(1, 2), dtype=np.float32)[:, None] / np.float32(255)
            found.append(pb.InferenceResponse([pb.Tensor("probability", means)]))
        return found
"""
MODELS = ("m", "in_numpy")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    folder = tmp_path_factory.mktemp("repository")
    write_model(folder, "m", SPEC, mean_grey())
    write_model(folder, "in_numpy", SPEC, mean_grey())
    path = folder / "in_numpy" / "config.pbtxt"
    config = text_format.Parse(path.read_text(), ModelConfig())
    config.backend, config.platform = "python", ""
    path.write_text(text_format.MessageToString(config))
    (folder / "in_numpy" / "1" / "model.py").write_text(IN_NUMPY)
    with TritonServer(folder) as running:
        yield running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "fairvlmed"
    write_fairvlmed(folder, Recipe(train=2, val=2, test=60, seed=3))
    return folder


def provenance(server: TritonServer, model: str, data: Path, out: Path) -> dict[str, Any]:
    flags = ("--model", model, "--data", data, "--out", out, "--replicates", 100)
    assert audit(server.grpc_endpoint, *flags) == 0
    found: dict[str, Any] = json.loads((out / "report" / "report.json").read_text())
    return dict(found["provenance"])


def test_the_same_numbers_from_two_backends_say_which_backend(
    server: TritonServer, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = (provenance(server, m, data, tmp_path / m) for m in MODELS)
    tables = [pq.read_table(tmp_path / m / "records" / "outcomes.parquet") for m in MODELS]
    scores = [table["score"].to_numpy() for table in tables]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5)
    one, other = ours["server"], theirs["server"]
    assert (one["backend"], one["runtime"]) == ("onnxruntime", "model.py")
    assert one["engine"] == f"ONNX Runtime {onnxruntime.__version__}"
    assert (one["providers"], one["device"]) == ("CPUExecutionProvider", "CPU")
    assert (other["backend"], other["engine"]) == ("python", NOT_STATED)
    assert other["runtime"] == NOT_STATED  # as Triton 2.51 has it for this backend
    assert ours["what_answered"].replace("m version", "") != theirs["what_answered"]
    shown = capsys.readouterr().out
    assert f"(onnxruntime, model.py, ONNX Runtime {onnxruntime.__version__}) on CPU" in shown
    assert "(python) on CPU" in shown
    page = (tmp_path / "in_numpy" / "report" / "report.html").read_text()
    assert "(python) on CPU" in page
    assert "sent by shared memory: 15 requests of up to 4 images" in page


def test_the_time_of_a_run_is_divided(server: TritonServer, data: Path, tmp_path: Path) -> None:
    about = provenance(server, "m", data, tmp_path / "run")
    said, speed = about["delivery"], about["speed"]
    assert (said["requests"], said["batch"], said["retries"], said["restarts"]) == (15, 4, 0, 0)
    assert 1 <= said["window"] <= 15
    assert sum(said["client_seconds"].values()) == pytest.approx(speed["seconds"], rel=0.1, abs=0.1)
    request = said["milliseconds_a_request"]
    inside = sum(value for name, value in request.items() if name != "round_trip")
    # The server's total also holds what lies between its phases.
    assert inside == pytest.approx(request["round_trip"], rel=0.1)
    assert request["compute_infer"] > 0
    assert 1 <= said["server_executions"] <= 15


def described(endpoint: str) -> ServedModel:
    with connect(Connection(endpoint=endpoint)) as server:
        return with_engine(server, describe(server, "m"))


def test_rest_says_the_same_of_the_backend(server: TritonServer) -> None:
    over_rest = described(f"http://{server.http_endpoint}").answering
    assert over_rest == described(server.grpc_endpoint).answering
    assert over_rest.engine.startswith("ONNX Runtime")
