"""Crops and tokens of a split's samples, as the encoder takes them."""

import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.datasets.fairvlmed import FairVLMed
from fairness.samples import Sample
from training.models.encoder import Encoder
from training.models.prompts import tokenize
from training.starting_data import usable_samples


class Inputs:
    """Crops (S, S) uint8, and tokens (77,) where the encoder reads notes, kept if they all fit."""

    def __init__(self, split: FairVLMed, encoder: Encoder, keep_mb: int) -> None:
        self._split, self._prepare, self._reads = split, encoder.prepare, encoder.reads_text
        self._keeps = len(split) * self._prepare.size**2 <= keep_mb * 2**20
        self._kept: dict[int, tuple[Tensor, Tensor | None]] = {}
        self._device = encoder.device

    def check(self, skip: bool) -> IntArray:
        """Numbers of the usable samples; errors as `usable_samples`."""
        return usable_samples(self._split, self._made, skip)

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor | None]:
        """Crops (B, S, S) uint8 and tokens (B, 77), or none, of samples, where the encoder is.

        Raises:
            DataError: an image is broken.
        """
        found = [self._one(int(i)) for i in index]
        crops = torch.stack([crop for crop, _ in found]).to(self._device)
        if not self._reads:
            return crops, None
        tokens = torch.stack([text for _, text in found if text is not None])
        return crops, tokens.to(self._device)

    def _one(self, i: int) -> tuple[Tensor, Tensor | None]:
        if i in self._kept:
            return self._kept[i]
        return self._made(i, self._split.read(i))

    def _made(self, i: int, sample: Sample) -> tuple[Tensor, Tensor | None]:
        # The buffers of the preprocessing lie where the encoder does; a crop needs none of them.
        crop = self._prepare.crop(torch.from_numpy(sample.image)[None])[0].to(torch.uint8)
        one = crop, tokenize([sample.text or ""])[0] if self._reads else None
        if self._keeps:
            self._kept[i] = one
        return one
