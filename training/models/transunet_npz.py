"""ImageNet-21k weights of the Vision Transformer's authors, an npz file, into a TransUNet.

`ViT-B_16.npz` fits the architecture without ResNet, `R50+ViT-B_16.npz` the hybrid. The decoder
stays as it is: those files hold none.
"""

from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from fairness.arrays import Array
from fairness.datasets.npz import Npz
from fairness.errors import DataError
from training.models.transunet import TransUNet

_POSITIONS = "embeddings.position_embeddings"
_RENAMED = (
    ("embeddings.hybrid_model.root.conv", "conv_root"),
    ("embeddings.hybrid_model.root.gn", "gn_root"),
    ("embeddings.hybrid_model.body.", ""),
    ("downsample", "conv_proj"),
    (_POSITIONS, "Transformer.posembed_input.pos_embedding"),
    ("embeddings.patch_embeddings", "embedding"),
    ("encoder.encoder_norm", "Transformer.encoder_norm"),
    ("encoder.layer.", "Transformer.encoderblock_"),
    ("attn.", "MultiHeadDotProductAttention_1."),
    ("ffn.fc1", "MlpBlock_3.Dense_0"),
    ("ffn.fc2", "MlpBlock_3.Dense_1"),
    ("attention_norm", "LayerNorm_0"),
    ("ffn_norm", "LayerNorm_2"),
)


def load_npz(model: TransUNet, path: Path) -> None:
    """Overwrite the encoder's weights in place; the position grid is resampled where it differs.

    Raises:
        DataError: the file is missing or damaged, or belongs to another architecture.
    """
    with Npz(path) as npz:
        for name, parameter in model.transformer.named_parameters():
            key = npz_key(name, parameter.dim())
            array = npz.array(key)
            try:
                found = resize_positions(array, model.config.grid) if name == _POSITIONS else array
                values = _to_torch(found, parameter)
            except ValueError:
                raise DataError(
                    f"{path}: '{key}' has the shape {array.shape}, which does not fit "
                    f"{tuple(parameter.shape)}; take the file of this architecture"
                ) from None
            with torch.no_grad():
                parameter.copy_(values)


def npz_key(name: str, dimensions: int) -> str:
    """The array in the npz file for a parameter of `Transformer`, by its name and dimensions."""
    for ours, theirs in _RENAMED:
        name = name.replace(ours, theirs)
    kind = "kernel" if dimensions > 1 else "scale"
    return name.replace(".weight", f".{kind}").replace(".", "/")


def resize_positions(positions: Array, grid: int) -> Array:
    """Positions (1, 1 + n * n, hidden), class token first, as (1, grid * grid, hidden).

    Another grid is resampled linearly, its corners kept in place, as the original does.

    Raises:
        ValueError: the positions are not those of a square grid behind a class token.
    """
    _, tokens, hidden = positions.shape
    stored = round((tokens - 1) ** 0.5)
    square = positions[0, 1:].reshape(stored, stored, hidden)
    if stored != grid:
        # `nearest`, since rounding may put the last coordinate beyond the grid.
        square = ndimage.zoom(square, (grid / stored, grid / stored, 1), order=1, mode="nearest")
    return square.reshape(1, grid * grid, hidden)


def _to_torch(array: Array, parameter: Tensor) -> Tensor:
    """Convolutions HWIO to OIHW; dense layers (in, out), heads split or not, to (out, in)."""
    shape = tuple(parameter.shape)
    if parameter.dim() == 4:
        array = array.transpose(3, 2, 0, 1)
        if array.shape != shape:
            raise ValueError
    elif parameter.dim() == 2:
        array = array.reshape(shape[::-1]).T
    return torch.from_numpy(np.array(array.reshape(shape), dtype=np.float32))
