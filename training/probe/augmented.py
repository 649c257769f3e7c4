"""Features of training images that are cropped and mirrored anew each time they are asked for."""

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.datasets.reader import Split
from training.models.encoder import Encoder
from training.probe.features import BATCH, note_tokens
from training.random_crop import random_crop


class Augmented:
    """Encodes samples of a split at each call; a crop is a function of seed, epoch and sample."""

    def __init__(self, encoder: Encoder, split: Split, ids: tuple[str, ...], seed: int) -> None:
        """Args: frozen encoder; split of the samples; those that are used, by their ids; seed."""
        self._encoder, self._split, self._seed = encoder, split, seed
        places = {id_: number for number, id_ in enumerate(split.ids)}
        self._numbers = [places[id_] for id_ in ids]

    def features(self, epoch: int, batch: IntArray) -> Tensor:
        """Features (B, D) of some of the ids, on the CPU.

        Raises:
            DataError: an image is broken.
        """
        parts = [batch[start : start + BATCH] for start in range(0, len(batch), BATCH)]
        return torch.cat([self._encoded(epoch, part) for part in parts])

    def _encoded(self, epoch: int, batch: IntArray) -> Tensor:
        encoder, crops, notes = self._encoder, [], []
        for place in batch.tolist():
            sample = self._split.read(self._numbers[place])
            rng = np.random.default_rng([self._seed, 2, epoch, place])
            crops.append(random_crop(sample.image, encoder.prepare.size, rng))
            notes.append(sample.text)
        grey = torch.from_numpy(np.stack(crops)).to(encoder.device).float()
        with torch.no_grad():
            found: Tensor = encoder(grey, note_tokens(encoder, notes))
        return found.cpu()
