"""Names of tensors: ours, which are those of `transformers`, to those of the original files.

Encoder, prompt encoder and decoder get the names of `facebookresearch/segment-anything`, adapters
those of SAMed's flat files: `w_a_000` and `w_b_000` for the queries of block 0, `w_a_001` and
`w_b_001` for its values, and so on.
"""

import re
from collections.abc import Iterable

_HEAD = r"(output_hypernetworks_mlps\.\d+|iou_prediction_head)"

# Tried in this order, each on the outcome of the last.
_RENAMES = (
    (r"^vision_encoder\.layers\.", "image_encoder.blocks."),
    (r"^vision_encoder\.", "image_encoder."),
    (r"\.qkv\.base\.", ".qkv."),
    (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
    (r"\.neck\.conv1\.", ".neck.0."),
    (r"\.neck\.layer_norm1\.", ".neck.1."),
    (r"\.neck\.conv2\.", ".neck.2."),
    (r"\.neck\.layer_norm2\.", ".neck.3."),
    (r"\.shared_embedding\.positional_embedding$", ".pe_layer.positional_encoding_gaussian_matrix"),
    (r"\.point_embed\.", ".point_embeddings."),
    (r"\.mask_embed\.conv1\.", ".mask_downscaling.0."),
    (r"\.mask_embed\.layer_norm1\.", ".mask_downscaling.1."),
    (r"\.mask_embed\.conv2\.", ".mask_downscaling.3."),
    (r"\.mask_embed\.layer_norm2\.", ".mask_downscaling.4."),
    (r"\.mask_embed\.conv3\.", ".mask_downscaling.6."),
    (r"\.upscale_conv1\.", ".output_upscaling.0."),
    (r"\.upscale_layer_norm\.", ".output_upscaling.1."),
    (r"\.upscale_conv2\.", ".output_upscaling.3."),
    (_HEAD + r"\.layers\.0\.", r"\1.layers.1."),
    (_HEAD + r"\.proj_in\.", r"\1.layers.0."),
    (_HEAD + r"\.proj_out\.", r"\1.layers.2."),
    (r"\.layer_norm", ".norm"),
)

_ADAPTER = re.compile(r"vision_encoder\.layers\.(\d+)\.attn\.qkv\.([ab])_([qv])\.weight")


def original_name(name: str) -> str:
    """Name in the original files of the tensor `name` of `Samed.state_dict()`."""
    adapter = _ADAPTER.fullmatch(name)
    if adapter:
        index = 2 * int(adapter[1]) + (adapter[3] == "v")
        return f"w_{adapter[2]}_{index:03d}"
    for pattern, replacement in _RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def by_original_name(names: Iterable[str]) -> dict[str, str]:
    """Original names of the tensors named, to ours."""
    return {original_name(name): name for name in names}
