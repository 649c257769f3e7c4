"""Crops of images and masks for training a segmentation network, and their random changes.

FairSeg's augmentation: half of the samples are turned by quarter turns and flipped, a quarter are
rotated a little, the rest stay (Tian et al., ICLR 2024, released code). The change of a
sample is a function of the seed, the step and the sample alone, so a resumed run needs no state;
the original repeats the same coin flips every epoch.
"""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from fairness.arrays import Image, IntArray
from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError
from fairness.samples import Sample
from training.fairseg.constant import MaskCounts, centre
from training.runlog import LOG
from training.starting_data import usable_samples


class Crops:
    """The centres of a split's images and masks, (C, C) uint8 each.

    They are kept while the whole split fits into `keep_mb`, and read again at each use otherwise.
    """

    def __init__(self, split: FairSeg, crop: int, keep_mb: int) -> None:
        self._split, self._crop = split, crop
        self._keeps = 2 * len(split) * crop**2 <= keep_mb * 2**20
        self._kept: dict[int, tuple[Image, Image]] = {}
        self._shape: tuple[int, int] | None = None
        self.counts = MaskCounts(crop)
        """Of the masks that `check` found usable."""

    def check(
        self, skip: bool, shape: tuple[int, int] | None = None
    ) -> tuple[IntArray, tuple[int, int]]:
        """Numbers of the usable samples, and the (H, W) of the images.

        Args:
            skip: leave out unusable samples instead of raising.
            shape: (H, W) that the images must have; None: that of the first.

        Raises:
            DataError: an image is broken or smaller than the crop and must not be skipped, their
                sizes differ, nothing is left, or no mask has a rim or a cup.
        """
        self._shape = shape
        usable = usable_samples(self._split, self._look, skip)
        self._require_structures()
        height, width = self._split.shapes[int(usable[0])]
        return usable, (height, width)

    def fetch(self, index: IntArray, key: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Changed crops and their masks, (B, C, C) uint8 each.

        Args:
            index: numbers of the samples.
            key: seed and step, which with the number of a sample decide its change.
        """
        pairs = []
        for i in index:
            image, mask = self._kept.get(int(i)) or self._cut(self._split.read(int(i)))
            pairs.append(changed(image, mask, np.random.default_rng([*key, int(i)])))
        images, masks = (np.stack(part) for part in zip(*pairs, strict=True))
        return torch.from_numpy(images), torch.from_numpy(masks)

    def _look(self, i: int, sample: Sample) -> None:
        """Check a sample against those before it, and keep its crops if all are kept."""
        height, width = sample.image.shape
        if self._shape not in (None, (height, width)):
            raise DataError(
                f"{sample.id}: an image of {height} x {width}, where others have {self._shape}; "
                "train on images of one size, or --on-error skip"
            )
        if min(height, width) < self._crop:
            raise DataError(
                f"{sample.id}: an image of {height} x {width} is smaller than the crop of "
                f"{self._crop}; choose a smaller --crop, or --on-error skip"
            )
        self.counts.add(np.asarray(sample.target, dtype=np.uint8))
        if self._keeps:
            self._kept[i] = self._cut(sample)
        self._shape = height, width

    def _require_structures(self) -> None:
        """Refuse masks of which none has a rim or a cup: drawing nothing would be right for all."""
        where = f"{self._split.split} mask"
        for name, number in self.counts.holding.items():
            if not number:
                raise DataError(
                    f"{self._split.root}: no {where} has a {name} within the crop of {self._crop}, "
                    "so nothing can be learned about it; check how the masks are stored (0 "
                    "background, -1 rim, -2 cup), or choose a larger --crop"
                )
            if number < self.counts.masks:
                LOG.warning(
                    f"{self.counts.masks - number} of {self.counts.masks} {where}s have no {name} "
                    f"within the crop of {self._crop}"
                )

    def _cut(self, sample: Sample) -> tuple[Image, Image]:
        window = centre(sample.image.shape, self._crop)
        mask = np.asarray(sample.target, dtype=np.uint8)
        return sample.image[window].copy(), mask[window].copy()


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
