"""A random part of an image, as torchvision's `RandomResizedCrop` and `RandomHorizontalFlip`."""

import math

import numpy as np
from PIL import Image as Picture

from fairness.arrays import Image

AREA, RATIO, TRIES = (0.5, 1.0), (3 / 4, 4 / 3), 10
"""Share of the image's area, width by height, and draws before the middle is taken."""


def random_crop(image: Image, size: int, rng: np.random.Generator) -> Image:
    """A part of an image (H, W) uint8, resized by Pillow's bicubic filter to (size, size) uint8.

    It is mirrored half of the times.
    """
    top, left, height, width = random_box(image.shape[0], image.shape[1], rng)
    part = Picture.fromarray(image[top : top + height, left : left + width])
    crop: Image = np.array(part.resize((size, size), Picture.Resampling.BICUBIC))
    return np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop


def random_box(height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width of a part of an image of that size."""
    for _ in range(TRIES):
        area = height * width * rng.uniform(*AREA)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    ratio = min(max(width / height, RATIO[0]), RATIO[1])
    h, w = min(height, round(width / ratio)), min(width, round(height * ratio))
    return (height - h) // 2, (width - w) // 2, h, w
