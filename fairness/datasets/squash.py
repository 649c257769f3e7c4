"""Squashes an image of any size to a fixed one, for data sets whose images vary (FairFedMed-Chest).

What scikit-image's `resize` does by default and FairFedMed relies on: a Gaussian against aliasing,
then linear interpolation between pixel centres, both mirrored at the edges. Each axis is one matrix
of constants, so training, export and audit see the same pixels.
"""

from functools import lru_cache

import numpy as np

from fairness.arrays import FloatArray, Image, IntArray


def squash(image: Image, size: tuple[int, int]) -> Image:
    """An (H, W) uint8 image resized to `size`, aspect ratio not kept, rounded to uint8.

    Raises:
        ValueError: `size` is not positive.
    """
    if min(size) < 1:
        raise ValueError(f"an image cannot be squashed to {size[0]} x {size[1]}")
    if image.shape == size:
        return image
    rows, columns = weights(image.shape[0], size[0]), weights(image.shape[1], size[1])
    squashed: Image = np.rint(rows @ image @ columns.T).astype(np.uint8)
    return squashed


@lru_cache(maxsize=64)
def weights(old: int, new: int) -> FloatArray:
    """The (new, old) matrix that resizes one axis; its rows sum to 1."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    left = np.floor(centres).astype(np.int64)
    share = centres - left
    matrix = np.zeros((new, old))
    for offset, weight in _gaussian(max(0.0, (old / new - 1) / 2)):
        for step, part in ((0, 1 - share), (1, share)):
            np.add.at(matrix, (np.arange(new), _mirror(left + step + offset, old)), weight * part)
    return matrix


def _gaussian(sigma: float) -> list[tuple[int, float]]:
    """Offsets and weights of a Gaussian cut at four sigma; the identity where sigma is 0."""
    reach = int(4 * sigma + 0.5)
    offsets = range(-reach, reach + 1)
    heights = [float(np.exp(-0.5 * (o / sigma) ** 2)) if o else 1.0 for o in offsets]
    return [(o, h / sum(heights)) for o, h in zip(offsets, heights, strict=True)]


def _mirror(index: IntArray, size: int) -> IntArray:
    """Indices reflected at the outer pixels' centres: -1 is 1, `size` is `size - 2`."""
    if size == 1:
        return np.zeros_like(index)
    folded = np.abs(index) % (2 * size - 2)
    return np.minimum(folded, 2 * size - 2 - folded)
