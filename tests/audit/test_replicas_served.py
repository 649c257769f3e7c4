"""One audit shared among several real servers: the same bytes as of one, and nothing of another."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from own_authority import OwnAuthority
from served import SPEC, mean_grey, with_probes, write_model
from tritonclient.grpc import InferenceServerClient

from audit.cli import run
from audit.client.endpoint import ServedModel
from audit.several_servers import differing
from serving.launcher import TritonServer

pytest_plugins = ["audit_fixtures", "tls_fixtures"]

QUICK = ("--model", "sound", "--replicates", 100, "--worst", 0)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """A second server of the model `sound`."""
    repository = tmp_path_factory.mktemp("twin")
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    flags = ["--model-control-mode=explicit", "--load-model=*"]
    with TritonServer(repository, arguments=flags) as server:
        yield server


@pytest.fixture(scope="module")
def other_weights(twin: TritonServer) -> str:
    """Its address; from now on it serves other weights under the same description."""
    file = twin.model_repository / "sound" / "1" / "model.onnx"
    file.write_bytes(mean_grey(300.0))
    with InferenceServerClient(twin.grpc_endpoint) as client:
        client.load_model("sound")
    return twin.grpc_endpoint


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


def test_only_an_audit_is_shared(capsys: pytest.CaptureFixture[str]) -> None:
    both = ("--endpoint", "a:1", "--endpoint", "b:1", "--model", "m")
    for command in (("bench",), ("init",), ("repeat",), ("parity", "--against-model", "n")):
        assert run([*command, *both]) == 2
        line = capsys.readouterr().err
        assert "--endpoint a:1,b:1: only an audit is shared among several servers; name one" in line
    assert run([*both, "--transport", "shm"]) == 2
    assert "--transport shm is for one server" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"version": "2"}, "versions 1 and 2 answer"),
        ({"batch_size": 8}, "they take batches of up to 4 and of up to 8"),
        ({"spec": replace(SPEC, method="other")}, r"their descriptions differ \(method\)"),
        ({"device": "GPU"}, "^$"),
    ],
)
def test_what_servers_say_otherwise_of_a_model_is_named(change: dict[str, Any], what: str) -> None:
    model = ServedModel("m", "1", SPEC, batch_size=4, device="CPU", server="triton 2")
    assert re.search(what, differing(model, replace(model, **change)))


def test_a_name_is_one_server_where_the_others_of_it_do_not_answer(
    tls_endpoint: str, authority: OwnAuthority, split_root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    port = tls_endpoint.rpartition(":")[2]
    looked_up = [(socket.AF_INET, 1, 6, "", (f"127.0.0.{n}", int(port))) for n in (1, 9)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: looked_up)
    flags = (*QUICK, "--data", split_root, "--ca-cert", authority.ca, "--out", tmp_path / "run")
    assert audit(f"dns:///localhost:{port}", *flags) == 0
    told = capsys.readouterr().out
    assert f"note: localhost stands for 2 servers: 127.0.0.1:{port}, 127.0.0.9:{port}" in told
    assert f"note: left out: no server answers at 127.0.0.9:{port}" in told
