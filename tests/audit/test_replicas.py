"""One audit shared among several real servers: the same bytes as of one, and nothing of another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from served import SPEC, mean_grey, with_probes, write_model
from tritonclient.grpc import InferenceServerClient

from serving.launcher import TritonServer

pytest_plugins = ["audit_fixtures"]

QUICK = ("--model", "sound", "--replicates", 100, "--worst", 0)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """A second server of the model `sound`."""
    repository = tmp_path_factory.mktemp("twin")
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    flags = ["--model-control-mode=explicit", "--load-model=*"]
    with TritonServer(repository, arguments=flags) as server:
        yield server


@pytest.fixture
def other_weights(twin: TritonServer) -> Iterator[str]:
    """Its address, while it serves other weights under the same description."""
    file = twin.model_repository / "sound" / "1" / "model.onnx"
    with InferenceServerClient(twin.grpc_endpoint) as client:
        file.write_bytes(mean_grey(300.0))
        client.load_model("sound")
        yield twin.grpc_endpoint
        file.write_bytes(mean_grey())
        client.load_model("sound")


def test_two_servers_give_the_bytes_of_one(
    endpoint: str, twin: TritonServer, split_root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    flags = (*QUICK, "--data", split_root, "--batch", 3, "--out")
    assert audit(endpoint, *flags, tmp_path / "one") == 0
    both = ("--endpoint", twin.grpc_endpoint, *flags, tmp_path / "two")
    assert audit(endpoint, *both) == 0
    told = " ".join(capsys.readouterr().out.split())
    one, two = tmp_path / "one", tmp_path / "two"
    for name in ("groups.csv", "contrasts.csv"):
        assert (one / "report" / name).read_bytes() == (two / "report" / name).read_bytes()
    rows = [pq.read_table(run / "records" / "outcomes.parquet").to_pylist() for run in (one, two)]
    assert rows[0] == rows[1]
    about = json.loads((two / "report" / "report.json").read_text())["provenance"]
    counts = {said["endpoint"]: said["images"] for said in about["replicas"]}
    assert list(counts) == [endpoint, twin.grpc_endpoint]
    assert sum(counts.values()) == 90
    assert min(counts.values()) > 0
    assert about["delivery"]["requests"] == 30
    shown = ", ".join(f"{address} {n} images" for address, n in counts.items())
    assert f"answered by 2 servers: {shown}" in told
    assert shown in (two / "report" / "report.html").read_text()


@pytest.mark.parametrize("more", [(), ("--no-probes",)])
def test_other_weights_are_refused_before_anything_is_streamed(
    endpoint: str, other_weights: str, split_root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], more: tuple[str, ...],
) -> None:  # fmt: skip
    flags = (*QUICK, "--data", split_root, "--out", tmp_path / "run", *more)
    line = failure(capsys, 3, f"{endpoint},{other_weights}", *flags)
    assert f"{endpoint} and {other_weights} do not serve the same model: " in line
    assert ("differently now, by" if more else "its probes differ by") in line
    assert not (tmp_path / "run").exists()
