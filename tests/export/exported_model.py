"""A tiny model with random weights, exported once for all tests of the package."""

from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxruntime as ort
import pytest
import torch
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.parity import open_session
from export.servable import COSINES, Servable
from fairness.contract import PARAMETER_KEY, ModelSpec, Threshold
from training import checkpoint
from training.models.clip import Preset, build
from training.models.prompts import tokenize

THRESHOLD = Threshold(value=0.51, rule="youden", split="val", split_sha256="a" * 64)


@dataclass(frozen=True)
class Exported:
    """What an export started from and what it wrote."""

    run: Path
    repository: Path
    servable: Servable

    @property
    def onnx_file(self) -> Path:
        return self.repository / "fairclip" / "1" / "model.onnx"

    def config(self) -> triton.ModelConfig:
        text = (self.repository / "fairclip" / "config.pbtxt").read_text()
        return text_format.Parse(text, triton.ModelConfig())

    def spec(self) -> ModelSpec:
        text = self.config().parameters[PARAMETER_KEY].string_value
        return ModelSpec.from_json(text, "fairclip")

    def session(self) -> ort.InferenceSession:
        return open_session(self.onnx_file.read_bytes())

    def traced(self) -> onnx.ModelProto:
        """The model as it was before the cosines were cut off."""
        model = onnx.load(self.onnx_file)
        cosines = onnx.helper.make_tensor_value_info(COSINES, onnx.TensorProto.FLOAT, ["batch", 2])
        model.graph.output.append(cosines)
        return model


def write_run(folder: Path, preset: Preset, seed: int) -> Path:
    """A run folder whose best checkpoint has random weights."""
    torch.manual_seed(seed)
    record = checkpoint.Record(preset=preset, threshold=THRESHOLD)
    checkpoint.save(folder / "best", build(preset, None), record)
    return folder


def export_run(folder: Path, preset: Preset, seed: int = 0) -> Exported:
    made = write_run(folder / "run", preset, seed)
    assert run([str(made), "--repository", str(folder / "models"), "--name", "fairclip"]) == 0
    clip, record = checkpoint.load(made / "best")
    with torch.no_grad():
        servable = Servable(clip, clip.encode_text(tokenize(record.prompts)))
    return Exported(made, folder / "models", servable)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_run(tmp_path_factory.mktemp("export"), "tiny")


@pytest.fixture(scope="session")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_run(tmp_path_factory.mktemp("export_full"), "vit-b16")
