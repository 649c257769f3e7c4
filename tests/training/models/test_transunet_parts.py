"""Single layers of TransUNet against torch's own, scipy and closed forms."""

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from training.models.resnetv2 import StandardConv2d
from training.models.transunet import DecoderBlock
from training.models.transunet_config import TINY_VIT
from training.models.vit import Block


def test_a_block_equals_torchs_encoder_layer() -> None:
    torch.manual_seed(0)
    ours = Block(TINY_VIT).eval()
    torchs = nn.TransformerEncoderLayer(
        TINY_VIT.hidden, TINY_VIT.heads, TINY_VIT.mlp, activation="gelu", layer_norm_eps=1e-6,
        batch_first=True, norm_first=True,
    ).eval()  # fmt: skip
    projections = (ours.attn.query, ours.attn.key, ours.attn.value)
    state = {
        "self_attn.in_proj_weight": torch.cat([p.weight for p in projections]),
        "self_attn.in_proj_bias": torch.cat([p.bias for p in projections]),
    }
    names = {"self_attn.out_proj": ours.attn.out, "linear1": ours.ffn.fc1, "linear2": ours.ffn.fc2}
    for name, layer in {**names, "norm1": ours.attention_norm, "norm2": ours.ffn_norm}.items():
        state |= {f"{name}.{key}": value for key, value in layer.state_dict().items()}
    torchs.load_state_dict(state)
    tokens = torch.randn(2, 9, TINY_VIT.hidden)
    with torch.no_grad():
        torch.testing.assert_close(ours(tokens), torchs(tokens), rtol=0, atol=1e-5)


def test_the_decoder_doubles_linearly_between_the_corners_and_appends_the_skip() -> None:
    block = DecoderBlock(2, 1, 3).eval()  # convolutions that pass on what they get
    for layer in (*block.conv1, *block.conv2):
        if isinstance(layer, nn.Conv2d):
            nn.init.dirac_(layer.weight)
    x, skip = torch.rand(1, 2, 5, 5), torch.rand(1, 1, 10, 10)
    with torch.no_grad():
        found = block(x, skip)[0].numpy()
    for channel, given in zip(found[:2], x[0].numpy(), strict=True):
        expected = ndimage.zoom(given, 2, order=1, mode="nearest")
        np.testing.assert_allclose(channel, expected, rtol=0, atol=2e-5)
    np.testing.assert_allclose(found[2], skip[0, 0], rtol=0, atol=2e-5)


def test_kernels_are_standardised_per_output_channel() -> None:
    torch.manual_seed(0)
    convolution = StandardConv2d(4, 6, 3, 2)
    x = torch.randn(2, 4, 8, 8)
    kernel = convolution.weight.detach().numpy()
    mean, deviation = (f(kernel, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    plain = torch.from_numpy((kernel - mean) / np.sqrt(deviation**2 + 1e-5))
    expected = nn.functional.conv2d(x, plain, stride=2, padding=1)
    with torch.no_grad():
        torch.testing.assert_close(convolution(x), expected)
