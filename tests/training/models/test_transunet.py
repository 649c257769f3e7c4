"""TransUNet: size, names, shapes, learning, and the same answers after baking."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fairness.errors import DataError, UsageError
from training.checkpoint import Stored
from training.checkpoint_record import FairSegRecord
from training.losses.segmentation import segmentation_loss
from training.models.transunet import TransUNet
from training.models.transunet_config import (
    R50_VIT_B16,
    TINY_R50,
    TINY_VIT,
    VIT_B16,
    TransUNetConfig,
)

EVERY = pytest.mark.parametrize(
    "config", [VIT_B16, R50_VIT_B16, TINY_VIT, TINY_R50], ids=["vit", "r50", "tiny", "tiny-r50"]
)
RECORD = FairSegRecord(
    preset="full", model="transunet", fair_mode="none", dataset="fairseg", target="mask",
    image_shape=(664, 798), crop=512,
)  # fmt: skip
TINY = pytest.mark.parametrize("config", [TINY_VIT, TINY_R50], ids=["vit", "r50"])


def build(config: TransUNetConfig, device: str = "cpu") -> TransUNet:
    torch.manual_seed(0)
    with torch.device(device):
        return TransUNet(config)


def parameters(model: TransUNet) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def closed_form(config: TransUNetConfig) -> int:
    """Weights, biases and norms added up by hand."""
    hidden, mlp, width = config.hidden, config.mlp, config.resnet_width
    block = 4 * hidden * (hidden + 1) + 2 * hidden * mlp + hidden + mlp + 4 * hidden
    patch = 16 * width if config.backbone == "r50" else 3 * config.patch**2
    total = (patch + 1) * hidden + config.grid**2 * hidden + config.layers * block + 2 * hidden
    channels = (config.head_channels, *config.decoder_channels)
    total += 9 * hidden * channels[0] + 2 * channels[0]
    for skip, inputs, outputs in zip(
        config.skip_channels, channels[:-1], channels[1:], strict=True
    ):
        total += 9 * (inputs + skip + outputs) * outputs + 4 * outputs
    total += 9 * channels[-1] * 3 + 3
    return total + (resnet(config.resnet_blocks, width) if config.backbone == "r50" else 0)


def resnet(blocks: tuple[int, int, int], width: int) -> int:
    total, inputs = 3 * 49 * width + 2 * width, width
    for i, units in enumerate(blocks):
        outputs = 4 * width * 2**i
        middle = outputs // 4
        for unit in range(units):
            given = inputs if unit == 0 else outputs
            total += given * middle + 9 * middle**2 + middle * outputs + 4 * middle + 2 * outputs
        total += inputs * outputs + 2 * outputs  # the projection
        inputs = outputs
    return total


@pytest.mark.parametrize(
    ("config", "count"), [(VIT_B16, 91_673_331), (R50_VIT_B16, 105_276_211)], ids=["vit", "r50"]
)
def test_published_architectures_have_their_size(config: TransUNetConfig, count: int) -> None:
    assert parameters(build(config, "meta")) == count


@EVERY
def test_size_is_the_closed_form(config: TransUNetConfig) -> None:
    assert parameters(build(config, "meta")) == closed_form(config)


def test_parameters_have_the_originals_names_and_shapes() -> None:
    found: Mapping[str, Tensor] = build(R50_VIT_B16, "meta").state_dict()
    expected = {
        "transformer.embeddings.hybrid_model.root.conv.weight": (64, 3, 7, 7),
        "transformer.embeddings.hybrid_model.root.gn.bias": (64,),
        "transformer.embeddings.hybrid_model.body.block1.unit1.downsample.weight": (256, 64, 1, 1),
        "transformer.embeddings.hybrid_model.body.block2.unit1.gn_proj.weight": (512,),
        "transformer.embeddings.hybrid_model.body.block3.unit9.conv2.weight": (256, 256, 3, 3),
        "transformer.embeddings.patch_embeddings.weight": (768, 1024, 1, 1),
        "transformer.embeddings.position_embeddings": (1, 196, 768),
        "transformer.encoder.layer.11.attention_norm.weight": (768,),
        "transformer.encoder.layer.11.attn.query.weight": (768, 768),
        "transformer.encoder.layer.11.ffn.fc1.weight": (3072, 768),
        "transformer.encoder.encoder_norm.bias": (768,),
        "decoder.conv_more.0.weight": (512, 768, 3, 3),
        "decoder.conv_more.1.running_mean": (512,),
        "decoder.blocks.0.conv1.0.weight": (256, 1024, 3, 3),
        "decoder.blocks.3.conv2.1.num_batches_tracked": (),
        "segmentation_head.0.bias": (3,),
    }
    assert {name: tuple(found[name].shape) for name in expected} == expected


@EVERY
def test_logits_have_the_inputs_resolution(config: TransUNetConfig) -> None:
    model, side = build(config, "meta").eval(), config.image_size
    logits, pooled = model.loss_logits(torch.empty(2, 3, side, side, device="meta"))
    assert logits.shape == (2, 3, side, side)
    assert pooled.shape == (2, config.hidden)


@pytest.mark.further
@TINY
def test_tiny_models_learn_a_disc(config: TransUNetConfig) -> None:
    model, side = build(config).train(), torch.linspace(-1, 1, 64)
    radius = torch.hypot(side.unsqueeze(1), side)
    labels = ((radius < 0.8).long() + (radius < 0.4)).expand(4, -1, -1)
    pixels = (0.3 * labels + 0.2 * torch.rand(4, 64, 64)).unsqueeze(1).expand(-1, 3, -1, -1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(25):
        optimiser.zero_grad()
        segmentation_loss(model(pixels), labels, 0.5).total.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimiser.step()
    with torch.no_grad():
        right = (model(pixels).argmax(dim=1) == labels).float().mean()
    assert right > 0.95


def test_answers_of_a_sample_do_not_depend_on_its_batch() -> None:
    model = build(TINY_R50).eval()
    pixels = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model(pixels)[1:2], model(pixels[1:2]), rtol=0, atol=1e-5)


def test_baking_keeps_the_answers_and_the_model() -> None:
    model = build(TINY_R50).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    pixels = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.bake()(pixels), model(pixels), rtol=0, atol=1e-6)
        torch.testing.assert_close(model.bake().bake()(pixels), model(pixels), rtol=0, atol=1e-6)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


def test_maps_of_the_stem_reach_the_decoder() -> None:
    model = build(TINY_R50).eval()
    _, skips = model.transformer(torch.rand(1, 3, 64, 64))
    assert [tuple(skip.shape[1:]) for skip in skips] == [(256, 8, 8), (128, 16, 16), (32, 32, 32)]
    assert skips[1][:, :, -1].count_nonzero() == 0  # what pooling without padding loses
    hybrid = model.transformer.embeddings.hybrid_model
    assert hybrid is not None
    assert functional.max_pool2d(skips[2], 3, 2).shape[-1] == 15


@EVERY
def test_architecture_survives_json(config: TransUNetConfig) -> None:
    stored = Stored(Path("best"), json.loads(json.dumps(asdict(config))), {}, RECORD)
    assert stored.configuration(TransUNetConfig, "TransUNet") == config


@pytest.mark.parametrize(
    "wrong",
    [{"n_skip": "many"}, {"n_skip": 1}, {"backbone": "vgg"}, {"depth": 3}],
    ids=["type", "skip without ResNet", "backbone", "unknown"],
)
def test_a_wrong_architecture_is_refused_in_one_line(wrong: dict[str, object]) -> None:
    stored = Stored(Path("best"), asdict(VIT_B16) | wrong, {}, RECORD)
    with pytest.raises(DataError, match="best holds no TransUNet model: ") as caught:
        stored.configuration(TransUNetConfig, "TransUNet")
    assert "\n" not in str(caught.value)


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="no maps to skip: set n_skip to 0"):
        TransUNetConfig(n_skip=3)
    with pytest.raises(UsageError, match="choose 0 to 3"):
        TransUNetConfig(backbone="r50", n_skip=4)
    with pytest.raises(UsageError, match="must be divisible by the patch, 16"):
        TransUNetConfig(image_size=230)
    with pytest.raises(UsageError, match="a ResNet needs 4 decoder_channels"):
        TransUNetConfig(backbone="r50", decoder_channels=(8, 8))


def test_one_model_does_not_change_the_next() -> None:
    one = TransUNetConfig(backbone="r50", n_skip=1)
    assert one.skip_channels == (512, 0, 0, 0)
    build(one, "meta")
    assert parameters(build(R50_VIT_B16, "meta")) == 105_276_211
