"""The tensors of the original segment-anything files: names and shapes, as its sources give them.

Also the substitutions by which the conversion script of `transformers` gets from these names to
its own, the oracle of our table.
"""

import re

import torch
from torch import Tensor

from training.models.samed import SamedConfig

SUBSTITUTIONS = {
    "iou_prediction_head.layers.0": "iou_prediction_head.proj_in",
    "iou_prediction_head.layers.1": "iou_prediction_head.layers.0",
    "iou_prediction_head.layers.2": "iou_prediction_head.proj_out",
    "mask_decoder.output_upscaling.0": "mask_decoder.upscale_conv1",
    "mask_decoder.output_upscaling.1": "mask_decoder.upscale_layer_norm",
    "mask_decoder.output_upscaling.3": "mask_decoder.upscale_conv2",
    "mask_downscaling.0": "mask_embed.conv1",
    "mask_downscaling.1": "mask_embed.layer_norm1",
    "mask_downscaling.3": "mask_embed.conv2",
    "mask_downscaling.4": "mask_embed.layer_norm2",
    "mask_downscaling.6": "mask_embed.conv3",
    "point_embeddings": "point_embed",
    "pe_layer.positional_encoding_gaussian_matrix": "shared_embedding.positional_embedding",
    "image_encoder": "vision_encoder",
    "neck.0": "neck.conv1",
    "neck.1": "neck.layer_norm1",
    "neck.2": "neck.conv2",
    "neck.3": "neck.layer_norm2",
    "patch_embed.proj": "patch_embed.projection",
    ".norm": ".layer_norm",
    "blocks": "layers",
}
HYPERNETWORK_LAYERS = {"0": "proj_in", "1": "layers.0", "2": "proj_out"}


def converted(name: str) -> str:
    """The name that `transformers` gives to an original one."""
    for old, new in SUBSTITUTIONS.items():
        name = name.replace(old, new)
    pattern = r"(output_hypernetworks_mlps\.\d+)\.layers\.(\d)"
    return re.sub(pattern, lambda m: f"{m[1]}.{HYPERNETWORK_LAYERS[m[2]]}", name)


def shapes(config: SamedConfig, masks: int) -> dict[str, tuple[int, ...]]:
    """Every tensor of the original SAM with so many mask tokens (published: 4)."""
    names = {**_encoder(config), **_prompts(config.channels), **_decoder(config, masks)}
    return {name: tuple(shape) for name, shape in names.items()}


def random_state(config: SamedConfig, masks: int = 4) -> dict[str, Tensor]:
    """A state dict of the original with random values."""
    return {name: torch.randn(shape) for name, shape in shapes(config, masks).items()}


Shapes = dict[str, list[int]]


def _linear(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": [outputs, inputs], f"{name}.bias": [outputs]}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": [width], f"{name}.bias": [width]}


def _encoder(config: SamedConfig) -> Shapes:
    dim, side, out = config.dim, config.image_size // 16, config.channels
    found: Shapes = {
        "image_encoder.pos_embed": [1, side, side, dim],
        "image_encoder.patch_embed.proj.weight": [dim, 3, 16, 16],
        "image_encoder.patch_embed.proj.bias": [dim],
        "image_encoder.neck.0.weight": [out, dim, 1, 1],
        **_norm("image_encoder.neck.1", out),
        "image_encoder.neck.2.weight": [out, out, 3, 3],
        **_norm("image_encoder.neck.3", out),
    }
    for index in range(config.depth):
        block = f"image_encoder.blocks.{index}"
        tokens = side if index in config.global_blocks else config.window
        found |= _norm(f"{block}.norm1", dim) | _norm(f"{block}.norm2", dim)
        found |= _linear(f"{block}.attn.qkv", dim, 3 * dim)
        found |= _linear(f"{block}.attn.proj", dim, dim)
        for axis in "hw":
            found[f"{block}.attn.rel_pos_{axis}"] = [2 * tokens - 1, dim // config.heads]
        found |= _linear(f"{block}.mlp.lin1", dim, 4 * dim)
        found |= _linear(f"{block}.mlp.lin2", 4 * dim, dim)
    return found


def _prompts(width: int) -> Shapes:
    names = [f"point_embeddings.{i}" for i in range(4)] + ["not_a_point_embed", "no_mask_embed"]
    found: Shapes = {f"prompt_encoder.{name}.weight": [1, width] for name in names}
    found["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"] = [2, width // 2]
    convolutions = {0: [4, 1, 2, 2], 3: [16, 4, 2, 2], 6: [width, 16, 1, 1]}
    for index, shape in convolutions.items():
        found[f"prompt_encoder.mask_downscaling.{index}.weight"] = shape
        found[f"prompt_encoder.mask_downscaling.{index}.bias"] = shape[:1]
    found |= _norm("prompt_encoder.mask_downscaling.1", 4)
    return found | _norm("prompt_encoder.mask_downscaling.4", 16)


def _attention(name: str, width: int, inner: int) -> Shapes:
    found = _linear(f"{name}.out_proj", inner, width)
    for part in "qkv":
        found |= _linear(f"{name}.{part}_proj", width, inner)
    return found


def _decoder(config: SamedConfig, masks: int) -> Shapes:
    width = config.channels
    found: Shapes = {
        "mask_decoder.iou_token.weight": [1, width],
        "mask_decoder.mask_tokens.weight": [masks, width],
        "mask_decoder.output_upscaling.0.weight": [width, width // 4, 2, 2],
        "mask_decoder.output_upscaling.0.bias": [width // 4],
        **_norm("mask_decoder.output_upscaling.1", width // 4),
        "mask_decoder.output_upscaling.3.weight": [width // 4, width // 8, 2, 2],
        "mask_decoder.output_upscaling.3.bias": [width // 8],
        **_norm("mask_decoder.transformer.norm_final_attn", width),
        **_attention("mask_decoder.transformer.final_attn_token_to_image", width, width // 2),
    }
    for index in range(2):
        layer = f"mask_decoder.transformer.layers.{index}"
        found |= _attention(f"{layer}.self_attn", width, width)
        found |= _attention(f"{layer}.cross_attn_token_to_image", width, width // 2)
        found |= _attention(f"{layer}.cross_attn_image_to_token", width, width // 2)
        found |= _linear(f"{layer}.mlp.lin1", width, config.decoder_mlp)
        found |= _linear(f"{layer}.mlp.lin2", config.decoder_mlp, width)
        for number in range(1, 5):
            found |= _norm(f"{layer}.norm{number}", width)
    heads = {f"output_hypernetworks_mlps.{i}": width // 8 for i in range(masks)}
    for head, outputs in {**heads, "iou_prediction_head": masks}.items():
        for index, size in enumerate((width, width, outputs)):
            found |= _linear(f"mask_decoder.{head}.layers.{index}", width, size)
    return found
