"""BLIP-2's image input inside the model: the whole image squashed to a square, aspect ratio lost.

As the release reads an image through Pillow: bicubic and antialiased, whole grey levels after each
of the two axes, CLIP's mean and standard deviation. Training takes random crops of it instead.
"""

import math

import numpy as np
import torch
from PIL import Image as Picture
from PIL.Image import Resampling
from torch import Tensor, nn

from fairness.arrays import Image
from fairness.errors import DataError
from training.models.preprocess import MEAN, STD, TIE, resize_weights

SCALE, RATIO, TRIES = (0.5, 1.0), (3 / 4, 4 / 3), 10
"""Share of the image in a crop, its width by its height, and draws before the middle is taken."""


class Squash(nn.Module):
    """Stored images, (B, H, W) uint8 of any size, to CLIP's pixels, (B, 3, size, size) float32."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Resize and normalise; raises as `squashed`."""
        return self.normalise(squashed(images, self.size))

    def normalise(self, grey: Tensor) -> Tensor:
        """CLIP's pixels (B, 3, size, size) float32 of grey levels (B, size, size) on 0..255."""
        return (grey.unsqueeze(1) / 255 - self.mean) / self.std


def squashed(images: Tensor, size: int) -> Tensor:
    """Whole grey levels (B, size, size) float32 of images (B, H, W) uint8.

    Raises:
        DataError: the images are not uint8; images scaled to 0..1 would turn black in silence.
    """
    if images.dtype != torch.uint8:
        raise DataError(f"images are {images.dtype}, not uint8: pass the stored grey levels")
    # Sizes taken from arange stay tensors, which keeps H and W free in an exported graph.
    rows = torch.arange(images.shape[1], dtype=torch.float64, device=images.device)
    columns = torch.arange(images.shape[2], dtype=torch.float64, device=images.device)
    vertical = resize_weights(rows, rows[-1] + 1, size)  # (size, H)
    horizontal = resize_weights(columns, columns[-1] + 1, size)  # (size, W)
    return _levels(vertical @ (_levels((images.float() - 128) @ horizontal.T + 128) - 128) + 128)


def _levels(grey: Tensor) -> Tensor:
    return torch.floor(grey + (0.5 + TIE)).clamp(0, 255)  # Pillow rounds halves up


def random_crop(image: Image, size: int, rng: np.random.Generator) -> Tensor:
    """A random part of an image (H, W) uint8 at (size, size) uint8, mirrored half of the times.

    The draw of torchvision's `RandomResizedCrop`: half to all of the area, sides of 3/4 to 4/3.
    Pillow resizes it, as in the release; `squashed` does the same inside a graph, more slowly.
    """
    top, left, height, width = _box(image.shape[0], image.shape[1], rng)
    part = Picture.fromarray(image[top : top + height, left : left + width])
    crop = torch.from_numpy(np.array(part.resize((size, size), Resampling.BICUBIC)))
    return crop.flip(1) if rng.random() < 0.5 else crop


def _box(height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    for _ in range(TRIES):
        area = height * width * rng.uniform(*SCALE)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        h, w = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < h <= height and 0 < w <= width:
            top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
            return int(top), int(left), h, w
    ratio = min(max(width / height, RATIO[0]), RATIO[1])
    h, w = min(height, round(width / ratio)), min(width, round(height * ratio))
    return (height - h) // 2, (width - w) // 2, h, w
