"""Crops of images and masks for training a segmentation network, and their random changes.

FairSeg's augmentation: half of the samples are turned by quarter turns and flipped, a quarter are
rotated a little, the rest stay (Tian et al., ICLR 2024, released code). What happens to a sample is
a function of the seed, the step and the sample alone, so a resumed run needs no state; the original
repeats the same coin flips every epoch.
"""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from fairness.arrays import Image, IntArray
from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError
from fairness.samples import Sample
from training.runlog import LOG, progress_bar


class Crops:
    """The centres of a split's images and masks, (C, C) uint8 each.

    They are kept while the whole split fits into `keep_mb`, and read again at each use otherwise.
    """

    def __init__(self, split: FairSeg, crop: int, keep_mb: int) -> None:
        self._split, self._crop = split, crop
        self._keeps = 2 * len(split) * crop**2 <= keep_mb * 2**20
        self._kept: dict[int, tuple[Image, Image]] = {}

    def check(
        self, skip: bool, shape: tuple[int, int] | None = None
    ) -> tuple[IntArray, tuple[int, int]]:
        """Read every sample once, before hours of training.

        Args:
            skip: leave out unusable samples instead of raising.
            shape: (H, W) that the images must have; None: that of the first.

        Returns:
            The numbers of those that are usable, and the (H, W) of the images.

        Raises:
            DataError: an image is broken or smaller than the crop and must not be skipped, their
                sizes differ, or nothing is left.
        """
        usable: list[int] = []
        with progress_bar("reading images") as bar:
            for i in range(len(self._split)):
                try:
                    shape = self._read(i, shape)
                    usable.append(i)
                except DataError as error:
                    if not skip:
                        raise
                    LOG.warning(f"left out: {error}")
                bar.show(i + 1, len(self._split))
        if shape is None or not usable:
            raise DataError(f"no image of the {self._split.split} split is usable")
        return np.array(usable, dtype=np.int64), shape

    def fetch(self, index: IntArray, key: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Changed crops and their masks, (B, C, C) uint8 each.

        Args:
            index: numbers of the samples.
            key: what, with a sample's number, decides how it is changed: seed and step.
        """
        pairs = []
        for i in index:
            image, mask = self._kept.get(int(i)) or self._cut(self._split[int(i)])
            pairs.append(changed(image, mask, np.random.default_rng([*key, int(i)])))
        images, masks = (np.stack(part) for part in zip(*pairs, strict=True))
        return torch.from_numpy(images), torch.from_numpy(masks)

    def _read(self, i: int, expected: tuple[int, int] | None) -> tuple[int, int]:
        """The (H, W) of a sample, whose crops are kept if all are."""
        sample = self._split[i]
        height, width = sample.image.shape
        if expected not in (None, (height, width)):
            raise DataError(
                f"{sample.id}: an image of {height} x {width}, where others have {expected}; train "
                "on images of one size, or --on-error skip"
            )
        if min(height, width) < self._crop:
            raise DataError(
                f"{sample.id}: an image of {height} x {width} is smaller than the crop of "
                f"{self._crop}; choose a smaller --crop, or --on-error skip"
            )
        if self._keeps:
            self._kept[i] = self._cut(sample)
        return height, width

    def _cut(self, sample: Sample) -> tuple[Image, Image]:
        height, width = sample.image.shape
        top, left = height // 2 - self._crop // 2, width // 2 - self._crop // 2
        window = np.s_[top : top + self._crop, left : left + self._crop]
        assert isinstance(sample.target, np.ndarray)  # FairSeg gives masks
        return sample.image[window].copy(), sample.target[window].copy()


def changed(image: Image, mask: Image, rng: np.random.Generator) -> tuple[Image, Image]:
    """Image and mask (C, C), changed alike: turned and flipped, rotated, or not at all."""
    if rng.random() < 0.5:
        turns, axis = int(rng.integers(4)), int(rng.integers(2))
        pair = [np.flip(np.rot90(part, turns), axis) for part in (image, mask)]
        return np.ascontiguousarray(pair[0]), np.ascontiguousarray(pair[1])
    if rng.random() < 0.5:
        angle = int(rng.integers(-20, 20))
        image, mask = (ndimage.rotate(p, angle, order=0, reshape=False) for p in (image, mask))
    return image, mask
