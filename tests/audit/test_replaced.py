"""A model that is replaced, reloaded or unloaded while it is audited, on the real server."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from fair_audit_runs import answered, audit, failure
from onnx import TensorProto, helper
from served import SPEC, mean_grey, with_probes, write_model
from tritonclient.grpc import InferenceServerClient, InferInput

from audit.client.grpc_server import GrpcServer
from audit.records.journal import Journal
from fairness.probes import Probes
from serving.launcher import TritonServer

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--worst", 0)
AT_ONCE = (*QUICK, "--retry-for", 0)
Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.watch.PATIENCE", 0.3)
    monkeypatch.setattr("audit.client.watch.INTERVAL", 0.05)


@pytest.fixture
def client(endpoint: str) -> Iterator[InferenceServerClient]:
    with InferenceServerClient(endpoint) as opened:
        yield opened


@pytest.fixture
def model(
    repository: Path, client: InferenceServerClient, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A model of this test's own; the parameter is its self-description."""
    name = request.node.name.replace("[", "-").replace("]", "")[:100]
    write_model(repository, name, getattr(request, "param", with_probes(SPEC)), mean_grey())
    client.load_model(name)
    yield name
    client.unload_model(name)
    while not client.is_server_ready():  # until it is unloaded
        time.sleep(0.02)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once, when five batches have been recorded."""
    record, done = Journal.record, []

    def register(act: Callable[[], None]) -> None:
        def recording(self: Journal, readings: object) -> None:
            record(self, readings)  # type: ignore[arg-type]
            done.append(self)
            if len(done) == 5:
                act()

        monkeypatch.setattr(Journal, "record", recording)

    return register


@pytest.fixture
def swap(repository: Path, client: InferenceServerClient, model: str) -> Callable[[float], None]:
    """Serve another model under the same name and version."""

    def act(divisor: float) -> None:
        file = repository / model / "1" / "model.onnx"
        file.write_bytes(mean_grey(divisor))
        client.load_model(model)

    return act


@pytest.mark.parametrize("model", [with_probes(SPEC), SPEC], indirect=True)
def test_the_same_model_may_be_loaded_again(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, swap: Callable[[float], None], meanwhile: Meanwhile,
) -> None:  # fmt: skip
    flags = ("--model", model, "--data", split_root, *QUICK)
    assert audit(endpoint, *flags, "--out", tmp_path / "whole") == 0
    meanwhile(lambda: swap(255.0))
    assert audit(endpoint, *flags, "--out", tmp_path / "run") == 0
    told = capsys.readouterr().out
    assert "note: the model was loaded again, or its server restarted; it answers as before" in told
    for name in ("groups.csv", "contrasts.csv"):
        found, whole = (tmp_path / run / "report" / name for run in ("run", "whole"))
        assert found.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("model", "said"),
    [(with_probes(SPEC), "its probes differ by"), (SPEC, "answers score differently now")],
    indirect=["model"],
    ids=["verified", "declared"],
)
def test_another_model_that_is_loaded_ends_the_run_for_good(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, swap: Callable[[float], None], meanwhile: Meanwhile, said: str,
) -> None:  # fmt: skip
    meanwhile(lambda: swap(300.0))
    run = tmp_path / "run"
    flags = ("--model", model, "--data", split_root, "--out", run, *QUICK)
    line = failure(capsys, 3, endpoint, *flags)
    assert "while it answered, another took its place" in line
    assert said in line
    assert "audit it anew, without --resume" in line
    assert answered(run / "records" / "journal.sqlite") >= 20
    assert not (run / "report").exists()
    assert "cannot resume" in failure(capsys, 2, endpoint, *flags, "--resume")
    assert "cannot resume" in failure(capsys, 2, endpoint, *flags)


def test_where_the_server_does_not_count_probes_at_the_end_see_it(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, swap: Callable[[float], None], meanwhile: Meanwhile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(GrpcServer, "count", lambda *_: None)
    meanwhile(lambda: swap(300.0))
    flags = ("--model", model, "--data", split_root, "--out", tmp_path / "run", *QUICK)
    line = failure(capsys, 3, endpoint, *flags)
    assert "while it answered, another took its place" in line
    assert "its probes differ by" in line
    assert answered(tmp_path / "run" / "records" / "journal.sqlite") == 90
    assert "cannot resume" in failure(capsys, 2, endpoint, *flags, "--resume")


@pytest.mark.further
def test_an_unloaded_model_is_named_and_the_run_goes_on_once_it_is_loaded(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, client: InferenceServerClient, meanwhile: Meanwhile,
) -> None:  # fmt: skip
    meanwhile(lambda: client.unload_model(model))
    flags = ("--model", model, "--data", split_root, "--out", tmp_path / "run", *AT_ONCE)
    line = failure(capsys, 3, endpoint, *flags)
    assert f"model '{model}' at {endpoint} is no longer loaded" in line
    assert "go on with the same command and --resume" in line
    client.load_model(model)
    assert audit(endpoint, *flags, "--resume") == 0
    assert answered(tmp_path / "run" / "records" / "journal.sqlite") == 90


@pytest.mark.parametrize("model", [SPEC], indirect=True)
def test_a_journal_of_another_model_is_not_continued(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, client: InferenceServerClient, swap: Callable[[float], None], meanwhile: Meanwhile,
) -> None:  # fmt: skip
    meanwhile(lambda: client.unload_model(model))
    flags = ("--model", model, "--data", split_root, "--out", tmp_path / "run", *AT_ONCE)
    failure(capsys, 3, endpoint, *flags)
    before = answered(tmp_path / "run" / "records" / "journal.sqlite")
    swap(300.0)
    line = failure(capsys, 3, endpoint, *flags, "--resume")
    assert "answers score differently now" in line
    assert "the journal is of another model" in line
    assert answered(tmp_path / "run" / "records" / "journal.sqlite") == before
    swap(255.0)
    assert audit(endpoint, *flags, "--resume") == 0


def test_the_traffic_of_others_is_no_reload(
    endpoint: str, split_root: Path, tmp_path: Path, model: str, client: InferenceServerClient
) -> None:
    tensor = InferInput("image", [1, 8, 8], "UINT8")
    tensor.set_data_from_numpy(np.zeros((1, 8, 8), np.uint8))
    stop = threading.Event()

    def ask_on() -> None:
        while not stop.is_set():
            client.infer(model, [tensor])

    other = threading.Thread(target=ask_on)
    other.start()
    try:
        flags = ("--model", model, "--data", split_root, "--out", tmp_path / "run", *QUICK)
        assert audit(endpoint, *flags) == 0
    finally:
        stop.set()
        other.join()


EQUAL_SHAPES = replace(
    SPEC, probes=Probes(seed=5, shapes=((16, 24),) * 3, expected=(), tolerance=1e-4)
)
assert EQUAL_SHAPES.probes is not None
EXPECTED = tuple((float(np.mean(image)) / 255,) for image in EQUAL_SHAPES.probes.images())
MIXABLE = replace(EQUAL_SHAPES, probes=replace(EQUAL_SHAPES.probes, expected=EXPECTED))


def reversed_rows(content: bytes) -> bytes:
    """The model with the rows of its answers in reversed order."""
    model = onnx.load_model_from_string(content)
    model.graph.node[-1].output[0] = "in_order"
    ends = {"from": -1, "to": -(2**31), "axis": 0, "step": -1}
    model.graph.initializer.extend(
        helper.make_tensor(name, TensorProto.INT64, [1], [value]) for name, value in ends.items()
    )
    model.graph.node.append(helper.make_node("Slice", ["in_order", *ends], ["probability"]))
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("model", [MIXABLE], indirect=True)
def test_a_server_that_mixes_up_rows_is_not_verified(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    model: str, repository: Path, client: InferenceServerClient,
) -> None:  # fmt: skip
    flags = ("--model", model, "--data", split_root, *QUICK, "--out")
    assert audit(endpoint, *flags, tmp_path / "sound") == 0
    capsys.readouterr()
    file = repository / model / "1" / "model.onnx"
    file.write_bytes(reversed_rows(file.read_bytes()))
    client.load_model(model)
    line = failure(capsys, 3, endpoint, *flags, tmp_path / "mixed")
    assert "answers each probe as exported, but not 4 in a batch" in line
    assert not (tmp_path / "mixed").exists()


def test_a_server_that_is_killed_is_named_and_the_run_can_go_on(
    split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], meanwhile: Meanwhile
) -> None:
    write_model(tmp_path / "repository", "sound", with_probes(SPEC), mean_grey())
    flags = ("--data", split_root, "--out", tmp_path / "run", *AT_ONCE)
    with TritonServer(tmp_path / "repository") as server:
        meanwhile(lambda: os.kill(server.pid, signal.SIGKILL))
        line = failure(capsys, 3, server.grpc_endpoint, *flags)
        assert f"model 'sound' at {server.grpc_endpoint} went away" in line
        assert "after that go on with the same command and --resume" in line
        gone = failure(capsys, 3, server.grpc_endpoint, *flags, "--resume")
    assert "no server answers" in gone
    with TritonServer(tmp_path / "repository") as server:
        assert audit(server.grpc_endpoint, *flags, "--resume") == 0
    assert answered(tmp_path / "run" / "records" / "journal.sqlite") == 90
