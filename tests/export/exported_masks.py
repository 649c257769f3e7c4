"""Tiny segmentation networks with random weights, exported once for the tests of masks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from google.protobuf import text_format
from torch import nn
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.parity import open_session
from fairness.arrays import Array, Image
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.group_input import RECORDED
from fairness.probes import probe_image
from fairness.samples import Sample, stack
from training import checkpoint
from training.checkpoint_record import FairSegRecord, Network
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import architecture, build, restore
from training.models.transunet import TransUNet
from training.predictor import torch_masks

SHAPE, CROP = (90, 112), 80


@dataclass(frozen=True)
class ExportedMasks:
    """What an export started from and what it wrote."""

    run: Path
    model: Path

    def config(self) -> triton.ModelConfig:
        text = (self.model / "config.pbtxt").read_text()
        return text_format.Parse(text, triton.ModelConfig())

    def spec(self) -> ModelSpec:
        text = self.config().parameters[PARAMETER_KEY].string_value
        return ModelSpec.from_json(text, "fairseg")

    def session(self) -> ort.InferenceSession:
        return open_session((self.model / "1" / "model.onnx").read_bytes())

    def in_torch(self, images: Image) -> Array:
        """The masks by training's own evaluation."""
        stored = checkpoint.load(self.run / "best")
        record = stored.record
        assert isinstance(record, FairSegRecord)
        network: nn.Module = restore(stored, record.model)
        size = network.image_size
        assert isinstance(size, int)
        predict = torch_masks(network, SegmentationInput(*SHAPE, CROP, size))
        batch = stack([Sample(f"{i:03}", image, 0, {}) for i, image in enumerate(images)])
        return np.concatenate([answers[RECORDED] for _, answers in predict([batch])])


def some_images(count: int) -> Image:
    rng = np.random.default_rng(count)
    return np.stack([probe_image(rng, *SHAPE) for _ in range(count)])


def write_run(folder: Path, network: Network) -> Path:
    """A run whose checkpoint has random weights, and draws about as much of each class."""
    torch.manual_seed(1)
    model = build(network, "tiny").eval()
    if isinstance(model, TransUNet):
        prepare = SegmentationInput(*SHAPE, CROP, model.image_size)
        with torch.no_grad():
            model.segmentation_head.get_parameter("0.weight").mul_(30)  # few ties
            logits = model(prepare(torch.from_numpy(some_images(4))))
            bias = model.segmentation_head.get_parameter("0.bias")
            bias.sub_(logits.mean(dim=(0, 2, 3)))
    record = FairSegRecord(
        dataset="fairseg",
        target="mask",
        preset="tiny",
        model=network,
        fair_mode="safe",
        image_shape=SHAPE,
        crop=CROP,
    )
    checkpoint.save(folder / "best", model.state_dict(), architecture(model), record)
    return folder


def export_masks(folder: Path, network: Network, *flags: str) -> ExportedMasks:
    made = write_run(folder / "run", network)
    assert run([str(made), "--repository", str(folder / "models"), *flags]) == 0
    return ExportedMasks(made, folder / "models" / "fairseg")
