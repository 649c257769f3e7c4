"""Weights in the layout of the Vision Transformer's authors, written here, read back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from fairness.errors import DataError
from training.models.transunet import TransUNet
from training.models.transunet_config import TINY_R50, TINY_VIT, TransUNetConfig
from training.models.transunet_npz import load_npz

Arrays = dict[str, NDArray[np.float32]]


def published(model: TransUNet) -> Arrays:
    """The encoder's parameters as that layout has them, spelled out layer by layer."""
    state = {k.removeprefix("transformer."): v.numpy() for k, v in model.state_dict().items()}
    heads = model.config.heads
    arrays: Arrays = {}

    def put(key: str, name: str) -> None:
        arrays[f"{key}/scale"], arrays[f"{key}/bias"] = (
            state[f"{name}.weight"],
            state[f"{name}.bias"],
        )

    def convolution(key: str, name: str) -> None:
        arrays[f"{key}/kernel"] = np.einsum("oihw->hwio", state[f"{name}.weight"])

    convolution("embedding", "embeddings.patch_embeddings")
    arrays["embedding/bias"] = state["embeddings.patch_embeddings.bias"]
    positions = state["embeddings.position_embeddings"]
    token = np.full_like(positions[:, :1], 7.0)
    arrays["Transformer/posembed_input/pos_embedding"] = np.concatenate([token, positions], axis=1)
    put("Transformer/encoder_norm", "encoder.encoder_norm")
    for i in range(model.config.layers):
        block, ours = f"Transformer/encoderblock_{i}", f"encoder.layer.{i}"
        put(f"{block}/LayerNorm_0", f"{ours}.attention_norm")
        put(f"{block}/LayerNorm_2", f"{ours}.ffn_norm")
        for dense, layer in (("Dense_0", "fc1"), ("Dense_1", "fc2")):
            arrays[f"{block}/MlpBlock_3/{dense}/kernel"] = state[f"{ours}.ffn.{layer}.weight"].T
            arrays[f"{block}/MlpBlock_3/{dense}/bias"] = state[f"{ours}.ffn.{layer}.bias"]
        for part in ("query", "key", "value", "out"):
            key = f"{block}/MultiHeadDotProductAttention_1/{part}"
            kernel, bias = state[f"{ours}.attn.{part}.weight"].T, state[f"{ours}.attn.{part}.bias"]
            width = kernel.shape[0] // heads
            split = (heads, width, -1) if part == "out" else (-1, heads, width)
            arrays[f"{key}/kernel"] = kernel.reshape(split)
            arrays[f"{key}/bias"] = bias if part == "out" else bias.reshape(heads, width)
    if model.config.backbone == "r50":
        resnet = "embeddings.hybrid_model"
        convolution("conv_root", f"{resnet}.root.conv")
        put("gn_root", f"{resnet}.root.gn")
        for stage in (1, 2, 3):
            unit, ours = f"block{stage}/unit1", f"{resnet}.body.block{stage}.unit1"
            for j in (1, 2, 3):
                convolution(f"{unit}/conv{j}", f"{ours}.conv{j}")
                put(f"{unit}/gn{j}", f"{ours}.gn{j}")
            convolution(f"{unit}/conv_proj", f"{ours}.downsample")
            put(f"{unit}/gn_proj", f"{ours}.gn_proj")
            for edge in ("scale", "bias"):  # that file stores these with all four axes
                arrays[f"{unit}/gn_proj/{edge}"] = arrays[f"{unit}/gn_proj/{edge}"].reshape(
                    1, 1, 1, -1
                )
    return arrays


def randomised(config: TransUNetConfig, seed: int) -> TransUNet:
    torch.manual_seed(seed)
    model = TransUNet(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


def write(path: Path, arrays: Arrays) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("config", [TINY_VIT, TINY_R50], ids=["vit", "r50"])
def test_weights_come_back_from_the_published_layout(
    tmp_path: Path, config: TransUNetConfig
) -> None:
    source, model = randomised(config, 0), randomised(config, 1)
    decoder = {name: value.clone() for name, value in model.decoder.state_dict().items()}
    arrays = published(source)
    assert len(arrays) == len(list(source.transformer.parameters()))
    load_npz(model, write(tmp_path / "weights.npz", arrays))
    expected, found = source.transformer.state_dict(), model.transformer.state_dict()
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    torch.testing.assert_close(dict(model.decoder.state_dict()), decoder, rtol=0, atol=0)


def positions_after(tmp_path: Path, stored: NDArray[np.float32]) -> Tensor:
    model = randomised(TINY_VIT, 0)
    arrays = published(model) | {"Transformer/posembed_input/pos_embedding": stored}
    load_npz(model, write(tmp_path / "weights.npz", arrays))
    return model.transformer.embeddings.position_embeddings.detach()


def test_another_grid_of_positions_is_resampled_linearly(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).normal(size=(1, 1 + 14 * 14, 48)).astype(np.float32)
    found = positions_after(tmp_path, stored)
    by_scipy = ndimage.zoom(stored[0, 1:].reshape(14, 14, 48), (8 / 14, 8 / 14, 1), order=1)
    np.testing.assert_allclose(found[0], by_scipy.reshape(64, 48), rtol=0, atol=1e-6)
    corners = stored[0, 1:].reshape(14, 14, 48)[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(found[0, [0, 7, 56, 63]], corners, rtol=0, atol=1e-6)


@pytest.mark.parametrize("tokens", [64, 3], ids=["no class token", "no square"])
def test_positions_that_are_no_grid_are_refused(tmp_path: Path, tokens: int) -> None:
    with pytest.raises(DataError, match=r"weights\.npz: 'Transformer/posembed_input"):
        positions_after(tmp_path, np.zeros((1, tokens, 48), dtype=np.float32))


def test_another_architectures_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "weights.npz", published(randomised(TINY_VIT, 0)))
    with pytest.raises(DataError, match=r"weights\.npz"):
        load_npz(randomised(TINY_R50, 0), path)
    wider = replace(TINY_VIT, mlp=97)
    with pytest.raises(DataError, match="does not fit"):
        load_npz(randomised(wider, 0), path)
