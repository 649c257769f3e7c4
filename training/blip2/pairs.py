"""Image-text pairs of a split for BLIP-2: random crops beside the texts as they are."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import Image, IntArray
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError
from fairness.samples import Sample
from training.random_crop import random_crop
from training.starting_data import usable_samples


@dataclass(frozen=True)
class PairBatch:
    """Some pairs of an image and its text."""

    crops: Tensor
    """(B, S, S) uint8."""
    texts: tuple[str, ...]


class CroppedPairs:
    """Reads pairs of a split; decoded images are kept as long as they fit into `keep_mb`."""

    def __init__(self, split: FairVLMed, keep_mb: int) -> None:
        self._split, self._left = split, keep_mb * 2**20
        self._kept: dict[int, tuple[Image, str]] = {}
        self.texts: dict[int, str] = {}
        """Texts that `check` found, by number of the sample."""

    def check(self, skip: bool) -> IntArray:
        """Numbers of the usable samples; errors as `usable_samples`."""
        return usable_samples(self._split, self._look, skip)

    def fetch(self, index: IntArray, size: int, key: tuple[int, ...]) -> PairBatch:
        """The pairs of these samples, with crops at `size` that depend on key and sample alone.

        Raises:
            DataError: an image is broken.
        """
        crops, texts = [], []
        for place, i in enumerate(index.tolist()):
            image, text = self._read(i)
            crops.append(random_crop(image, size, np.random.default_rng((*key, place, i))))
            texts.append(text)
        return PairBatch(torch.from_numpy(np.stack(crops)), tuple(texts))

    def _look(self, i: int, sample: Sample) -> None:
        self.texts[i] = self._made(i, sample)[1]

    def _read(self, i: int) -> tuple[Image, str]:
        if i in self._kept:
            return self._kept[i]
        return self._made(i, self._split.read(i))

    def _made(self, i: int, sample: Sample) -> tuple[Image, str]:
        if sample.text is None:
            raise UsageError("the split was opened without a text source; training needs one")
        pair = sample.image, sample.text
        if self._left >= sample.image.nbytes:
            self._left -= sample.image.nbytes
            self._kept[i] = pair
        return pair
