"""A raw image in, a mask at native size out: torch and ONNX Runtime answer alike, at any batch."""

import logging
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from training.models.segmentation_input import SegmentationInput
from training.models.transunet import TransUNet
from training.models.transunet_config import (
    R50_VIT_B16,
    TINY_R50,
    VIT_B16,
    TransUNetConfig,
)

HEIGHT, WIDTH, CROP = 120, 150, 96


class Whole(nn.Module):
    """Everything between a stored image and its mask."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.input = SegmentationInput(HEIGHT, WIDTH, CROP, config.image_size)
        self.model = TransUNet(config).bake()
        with torch.no_grad():  # spread the logits, and centre them so that every class wins
            head = self.model.segmentation_head[0]
            assert isinstance(head, nn.Conv2d)
            assert head.bias is not None
            head.weight.mul_(30)
            head.bias -= self(images(2))[1].mean(dim=(0, 2, 3))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.model(self.input(images))
        return self.input.restore(logits.argmax(dim=1).to(torch.uint8)), logits


def images(batch: int) -> Tensor:
    generator = torch.Generator().manual_seed(batch)
    return torch.randint(256, (batch, HEIGHT, WIDTH), generator=generator, dtype=torch.uint8)


def exported(module: nn.Module) -> bytes:
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)  # torch 2.13's own
        program = torch.onnx.export(
            module, (torch.zeros(2, HEIGHT, WIDTH, dtype=torch.uint8),), dynamo=True,
            opset_version=18, input_names=["image"], output_names=["mask", "logits"],
            dynamic_shapes={"images": {0: "batch"}}, verbose=False,
        )  # fmt: skip
    assert program is not None
    serialised: bytes = program.model_proto.SerializeToString()
    return serialised


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TINY_R50, marks=pytest.mark.further),
        pytest.param(VIT_B16, marks=pytest.mark.full_size),
        pytest.param(R50_VIT_B16, marks=pytest.mark.full_size),
    ],
    ids=["tiny-r50", "vit", "r50"],
)
def test_exported_masks_equal_torchs(config: TransUNetConfig) -> None:
    whole = Whole(config).eval()
    session = onnxruntime.InferenceSession(exported(whole), providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        with torch.no_grad():
            mask, logits = (answer.numpy() for answer in whole(images(batch)))
        found_mask, found_logits = session.run(None, {"image": images(batch).numpy()})
        assert found_mask.dtype == np.uint8
        assert found_mask.shape == (batch, HEIGHT, WIDTH)
        assert np.bincount(mask.ravel())[1:].min() > 0.02 * mask.size
        np.testing.assert_allclose(found_logits, logits, rtol=0, atol=1e-4 * logits.std())
        np.testing.assert_array_equal(found_mask, mask)
