"""The best mask that is the same for every image: what a network reaches without looking."""

import numpy as np

from fairness.arrays import BoolArray, FloatArray, Image

CLASSES = {"rim": 1, "cup": 2}
"""Structure to class."""


def centre(shape: tuple[int, ...], side: int) -> tuple[slice, slice]:
    """The central square of an image (H, W)."""
    top, left = shape[0] // 2 - side // 2, shape[1] // 2 - side // 2
    return slice(top, top + side), slice(left, left + side)


class MaskCounts:
    """Masks of one shape, added up: how often each pixel is rim, and how often cup."""

    def __init__(self, crop: int) -> None:
        """Start without any; `crop` is the side of the central square that training sees."""
        self.masks = 0
        self.holding = dict.fromkeys(CLASSES, 0)
        """Structure to the number of masks that have it within the crop."""
        self._crop, self._present = crop, np.zeros(len(CLASSES), dtype=np.int64)
        self._pixels: FloatArray | None = None

    def add(self, mask: Image) -> None:
        """Count a mask (H, W) of 0 background, 1 rim, 2 cup."""
        inside = np.stack([mask == label for label in CLASSES.values()])
        if self._pixels is None:
            self._pixels = np.zeros(inside.shape)
        self._pixels += inside
        self._present += inside.any((1, 2))
        for name, region in zip(CLASSES, inside, strict=True):
            self.holding[name] += int(region[centre(mask.shape, self._crop)].any())
        self.masks += 1

    def best(self) -> BoolArray:
        """(2, H, W) where rim and cup are drawn, each for the highest Dice of all masks together.

        The best region of a given size has the pixels that are inside most often. A structure that
        most masks lack is best not drawn at all, since both masks empty count as a Dice of 1.

        Raises:
            ValueError: no mask was added.
        """
        if self._pixels is None:
            raise ValueError("no mask was added")
        pairs = zip(self._pixels, self._present, strict=True)
        return np.stack([self._region(inside, int(present)) for inside, present in pairs])

    def _region(self, inside: FloatArray, present: int) -> BoolArray:
        order = np.argsort(-inside, axis=None, kind="stable")
        size = np.arange(1, len(order) + 1)
        # Of the masks that hold the structure; those that lack it give 0.
        dice = 2 * np.cumsum(inside.ravel()[order]) / (size * max(1, present) + inside.sum())
        region = np.zeros(inside.shape, dtype=np.bool_)
        best = int(dice.argmax())
        if dice[best] * present > self.masks - present:
            region.ravel()[order[: best + 1]] = True
        return region


def constant_dice(regions: BoolArray, masks: Image) -> dict[str, FloatArray]:
    """Dice (B,) of rim and of cup of a constant (2, H, W) against masks (B, H, W)."""
    found = {}
    for region, (name, label) in zip(regions, CLASSES.items(), strict=True):
        inside = masks == label
        both, sizes = (inside & region).sum((1, 2)), inside.sum((1, 2)) + region.sum()
        found[name] = np.divide(2 * both, sizes, out=np.ones(len(masks)), where=sizes > 0)
    return found
