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
from export.servable import Servable
from export.servable_clip import ServableClip
from export.servables import servable_of
from fairness.contract import PARAMETER_KEY, ModelSpec, Threshold
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.models.clip import build
from training.models.clip_sizes import Preset

THRESHOLD = Threshold(value=0.51, rule="youden", split="val", split_sha256="a" * 64)


@dataclass(frozen=True)
class Exported:
    """What an export started from and what it wrote."""

    run: Path
    repository: Path
    servable: Servable

    @property
    def module(self) -> ServableClip:
        assert isinstance(self.servable.module, ServableClip)
        return self.servable.module

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
        cosines = onnx.helper.make_tensor_value_info("cosine", onnx.TensorProto.FLOAT, ["batch", 2])
        model.graph.output.append(cosines)
        return model


def write_run(folder: Path, preset: Preset, seed: int) -> Path:
    """A run folder whose best checkpoint has random weights."""
    torch.manual_seed(seed)
    record = FairCLIPRecord(
        preset=preset, dataset="fairvlmed", target="glaucoma", threshold=THRESHOLD
    )
    model = build(preset, None)
    checkpoint.save(folder / "best", model.state_dict(), model.towers.config.to_dict(), record)
    return folder


def export_run(folder: Path, preset: Preset, seed: int = 0) -> Exported:
    made = write_run(folder / "run", preset, seed)
    assert run([str(made), "--repository", str(folder / "models"), "--name", "fairclip"]) == 0
    return Exported(made, folder / "models", servable_of(checkpoint.load(made / "best")))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_run(tmp_path_factory.mktemp("export"), "tiny")
