"""`fair-audit parity` of an ONNX file, and against a checkpoint in torch: no server anywhere."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from google.protobuf import text_format
from served import SPEC, with_probes, write_model
from served_parity import edge_grey
from tritonclient.grpc import model_config_pb2 as triton

from audit.cli import run
from audit.client.onnx_file import configuration_of, onnx_file
from audit.client.transport import Request
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parity_onnx") / "data"
    write_fairvlmed(root, Recipe(train=2, val=2, test=40, seed=5))
    return root


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file with its configuration beside it."""
    repository = tmp_path_factory.mktemp("edge")
    write_model(repository, "edge", with_probes(SPEC), edge_grey())
    return repository / "edge" / "1" / "model.onnx"


def parity(data: Path, out: Path, *flags: object) -> int:
    words = ["parity", "--data", data, "--out", out, *flags, "--replicates", "100"]
    return run(list(map(str, words)))


def found(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "parity.json").read_text())
    return document


@pytest.mark.lines
def test_the_exported_file_answers_as_its_checkpoint(
    exported: "Exported", data: Path, tmp_path: Path
) -> None:
    flags = ("--checkpoint", exported.run, "--onnx", exported.onnx_file, "--attributes", "gender")
    assert parity(data, tmp_path, *flags) == 0
    document = found(tmp_path)
    overall = document["apart"][0]
    assert (overall["attribute"], overall["n"]) == ("overall", 40)
    assert 0 < overall["largest"] < 1e-5  # two libraries, one model
    assert document["spread"] > 1e-4
    about = document["comparison"]["about"]
    assert about["first"]["folder"] == str(exported.run)
    assert about["first"]["name"] == "fairclip in torch"
    assert "ONNX Runtime" in about["second"]["folder"]
    assert str(exported.onnx_file) in about["second"]["folder"]
    assert about["second"]["model_sha256"] == exported.spec().model_sha256


@pytest.mark.lines
def test_a_file_of_another_model_is_not_the_checkpoint(
    exported: "Exported", edge: Path, data: Path, tmp_path: Path
) -> None:
    flags = ("--checkpoint", exported.run, "--onnx", edge, "--attributes", "gender")
    assert parity(data, tmp_path, *flags) == 1
    assert found(tmp_path)["verdict"] == "FAIL"


def test_the_file_gives_what_its_graph_computes(edge: Path) -> None:
    image = np.random.default_rng(1).integers(0, 256, (2, 120, 50)).astype(np.uint8)
    server = onnx_file(edge, described=False)
    request = Request(server.name, "1", {"image": image}, "probability", 1.0)
    (answer,) = server.send(request).result()
    assert (server.name, answer.datatype, answer.shape) == ("edge", "FP32", (2, 1))
    expected = image[:, :96].mean(axis=(1, 2)) / 255
    assert np.frombuffer(answer.raw, np.float32) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (
            ("--onnx", "EDGE", "--checkpoint", "nowhere"),
            3,
            "--checkpoint nowhere: nowhere: no such",
        ),
        (("--onnx", "EDGE"), 2, "name one reference: --checkpoint RUN"),
        (("--onnx", "EDGE", "--model", "m", "--checkpoint", "x"), 2, "name what is judged"),
        (("--checkpoint", "x"), 2, "name what is judged"),
        (("--onnx", "EDGE", "--against-endpoint", "here:1"), 2, "with --against-model"),
        (("--onnx", "EDGE", "--version", "2", "--reference", "x"), 2, "--version is of a served"),
        (("--onnx", "gone.onnx", "--reference", "x"), 3, "--onnx gone.onnx: no such file"),
        (("--onnx", "README.md", "--reference", "x"), 3, "ONNX Runtime cannot load it"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    flags: tuple[str, ...],
    code: int,
    said: str,
    edge: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [str(edge) if word == "EDGE" else word for word in flags]
    assert parity(data, tmp_path / "out", *words) == code
    err = capsys.readouterr().err
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_table_is_no_data_of_a_checkpoint(
    edge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("file\n")
    flags = ("--onnx", edge, "--checkpoint", tmp_path)
    assert parity(tmp_path / "t.csv", tmp_path / "out", *flags) == 2
    assert "--checkpoint answers data in the layout" in capsys.readouterr().err


@pytest.mark.parametrize(("flag", "module"), [("--onnx", "onnxruntime"), ("--checkpoint", "torch")])
def test_an_absent_library_is_named_with_its_extra(
    flag: str,
    module: str,
    edge: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place in ("audit.client.onnx_file", "audit.parity.checkpoint"):
        monkeypatch.setattr(f"{place}.find_spec", lambda name: None if name == module else name)
    assert parity(data, tmp_path / "out", "--onnx", edge, "--checkpoint", tmp_path) == 2
    assert f"{flag} needs" in capsys.readouterr().err


def test_a_configuration_of_another_file_or_no_configuration_is_refused(
    edge: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "edge" / "1"
    shutil.copytree(edge.parent.parent, folder.parent)
    (folder / "model.onnx").write_bytes(edge_grey(swapped=True))
    flags = ("--onnx", folder / "model.onnx", "--reference", tmp_path)
    assert parity(data, tmp_path / "out", *flags) == 2
    assert "describes another file" in capsys.readouterr().err
    (folder.parent / "config.pbtxt").write_text("max_batch_size: [[[")
    assert parity(data, tmp_path / "out", *flags) == 3
    assert "no configuration of a model" in capsys.readouterr().err
    (folder.parent / "config.pbtxt").unlink()
    assert parity(data, tmp_path / "out", *flags) == 3
    assert "or describe it with --spec model.yaml" in capsys.readouterr().err


def test_a_configuration_without_a_description_still_says_the_batch(edge: Path) -> None:
    config = configuration_of(edge)
    assert config is not None
    text = (edge.parent.parent / "config.pbtxt").read_text()
    assert config == text_format.Parse(text, triton.ModelConfig())
