"""Raw grey images to CLIP pixels inside the model, so that training and serving cannot differ.

The original FairCLIP reads an image through Pillow: mode F, bicubic resize of the shorter side,
centre crop, conversion to RGB (which clips and truncates), CLIP's mean and standard deviation
(docs/methods.md). An antialiased resize is linear and separable, so it is written here as two
matrix products, whose weights follow from the input's height and width. That runs alike in torch
and in every ONNX runtime; the operator `Resize` of ONNX does not.
"""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from fairness.errors import DataError

# CLIP's published pixel statistics, per RGB channel on the 0..1 scale.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)

# The truncation jumps at whole grey levels, where flat regions lie exactly: Pillow's sums in double
# precision stay on them, sums in float32 fall up to 5e-5 short and would lose a whole level.
TIE = 2.0**-14


Fit: TypeAlias = Literal["crop", "squash"]
"""crop: the shorter side is resized, and the middle cut out, as for FairCLIP's training. squash:
both sides are resized, whatever becomes of their ratio, as for the linear probe."""


class Preprocess(nn.Module):
    """Stored images, (B, H, W) uint8, to CLIP pixels, (B, 3, size, size) float32.

    H and W are free, larger or smaller than `size`. At 224 it agrees with Pillow within 1e-4 on
    0..255 before the truncation, and after it but for one grey level on 2e-4 of the pixels.
    """

    def __init__(self, size: int, fit: Fit = "crop") -> None:
        super().__init__()
        self.size, self.fit = size, fit
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Resize, crop, quantise and normalise (B, H, W) uint8 images; raises as `crop` does."""
        return self.normalise(self.crop(images))

    def crop(self, images: Tensor) -> Tensor:
        """All that the network sees of (B, H, W) uint8 images: (B, size, size) whole grey levels.

        They may be kept as uint8 and given to `normalise` later.

        Raises:
            DataError: the images are not uint8; images scaled to 0..1 would turn black in silence.
        """
        if images.dtype != torch.uint8:
            raise DataError(f"images are {images.dtype}, not uint8: pass the stored grey levels")
        if self.fit == "squash":
            return squashed(images, self.size)
        grey = resize_and_crop(images, self.size)
        return torch.floor(grey.clamp(0, 255) + TIE).clamp(max=255)

    def normalise(self, grey: Tensor) -> Tensor:
        """CLIP's pixels (B, 3, size, size) float32 of crops (B, size, size) on 0..255."""
        return (grey.unsqueeze(1) / 255 - self.mean) / self.std


def resize_and_crop(images: Tensor, size: int) -> Tensor:
    """Pillow's bicubic resize of the shorter side to `size`, then torchvision's centre crop.

    Returns (B, size, size) float32 on the scale of the (B, H, W) input; overshoots are kept.
    """
    # Sizes taken from arange stay tensors, which keeps H and W free in an exported graph.
    rows = torch.arange(images.shape[1], dtype=torch.float64, device=images.device)
    columns = torch.arange(images.shape[2], dtype=torch.float64, device=images.device)
    short = torch.minimum(rows[-1], columns[-1]) + 1
    vertical = resize_weights(rows, short, size)  # (size, H)
    horizontal = resize_weights(columns, short, size)  # (size, W)
    # The order is Pillow's. Weights sum to one, so taking 128 off and putting it back changes
    # nothing but the rounding error, which it halves.
    return vertical @ ((images.float() - 128) @ horizontal.T) + 128


def squashed(images: Tensor, size: int) -> Tensor:
    """Pillow's bicubic resize of 8-bit images to a square: (B, size, size) whole grey levels.

    BLIP-2 and the linear probe of the original resize RGB, where Pillow rounds the sums of each of
    the two axes; halves go up. A newer Pillow may take the axes of a tall image in another order.
    """
    # Sizes taken from arange stay tensors, which keeps H and W free in an exported graph.
    rows = torch.arange(images.shape[1], dtype=torch.float64, device=images.device)
    columns = torch.arange(images.shape[2], dtype=torch.float64, device=images.device)
    vertical = resize_weights(rows, rows[-1] + 1, size)  # (size, H)
    horizontal = resize_weights(columns, columns[-1] + 1, size)  # (size, W)
    across = _rounded((images.float() - 128) @ horizontal.T + 128)
    return _rounded(vertical @ (across - 128) + 128)


def _rounded(grey: Tensor) -> Tensor:
    return torch.floor(grey + (0.5 + TIE)).clamp(0, 255)


def resize_weights(positions: Tensor, short: Tensor, size: int) -> Tensor:
    """The (size, n) float32 matrix that resizes one axis of n pixels and crops it.

    Args:
        positions: 0, 1, ..., n - 1 as (n,) float64.
        short: length of the image's shorter axis, a float64 scalar.
        size: output length. Only the rows that survive the crop are made.
    """
    length = positions[-1] + 1
    resized = torch.floor(size * length / short)
    scale = length / resized
    first = torch.round((resized - size) / 2)  # half to even, as Python rounds
    index = torch.arange(size, dtype=torch.float64, device=positions.device)
    centres = (index + first + 0.5) * scale
    stretch = scale.clamp(min=1)  # the filter widens when shrinking (antialias), never narrows
    weights = bicubic((positions + 0.5 - centres.unsqueeze(1)) / stretch)
    return (weights / weights.sum(dim=1, keepdim=True)).float()


def bicubic(distance: Tensor) -> Tensor:
    """Keys' cubic convolution kernel with a = -1/2, zero beyond distance 2."""
    x = distance.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
