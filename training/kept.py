"""The batches of a split that is scored after every epoch: read once, and kept in memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.datasets.reader import Split
from fairness.samples import Batch, cut

READERS = 2
"""Threads that read."""

Crop: TypeAlias = Callable[[Tensor], Tensor]


class Kept:
    """Batches as a network takes them, kept while they fit into memory.

    Batches are cut as `fairness.evaluate.ask` cuts them. With a `crop` their images are those that
    the network would crop itself, and cropping them again changes no bit (`Preprocess.crop`).
    """

    def __init__(
        self, keep_mb: int, crop: Crop | None = None, device: torch.device | str = "cpu"
    ) -> None:
        """Args: megabytes of all splits together; `Preprocess.crop`; where it computes."""
        self._left, self._crop, self._device = keep_mb * 2**20, crop, device
        self._kept: list[tuple[Split, dict[int, Batch | None]]] = []
        """By split, the batch of each cut; None where no sample of it is usable."""

    def batches(self, split: Split, size: int, rows: IntArray | None = None) -> Iterator[Batch]:
        """The batches of a split, or always the same rows (n,) of it.

        Raises:
            DataError: a file is unusable, and the split was opened to stop there.
        """
        chosen = np.arange(len(split)) if rows is None else rows
        cuts = [chosen[part] for part in cut([split.shapes[i] for i in chosen], size)]
        kept = self._of(split)
        missing = [numbers for n, numbers in enumerate(cuts) if n not in kept]
        buffers = PlainBuffers(READERS + 2, largest(split, missing))
        stream = read_ahead(split, missing, buffers, READERS)
        try:
            batch = next(stream, None)
            for n, numbers in enumerate(cuts):
                found = kept.get(n)
                if n not in kept and batch is not None and is_of(batch, split, numbers):
                    found = self._cropped(batch)
                    buffers.give_back(batch.images)
                    batch = next(stream, None)
                if n not in kept:
                    self._keep(kept, n, found)
                if found is not None:
                    yield found
        finally:
            buffers.close()

    def _cropped(self, batch: Batch) -> Batch:
        """A batch in memory of its own."""
        if self._crop is None:
            return replace(batch, images=batch.images.copy())
        with torch.no_grad():
            crops = self._crop(torch.from_numpy(batch.images).to(self._device))
        return replace(batch, images=crops.to(torch.uint8).cpu().numpy())

    def _keep(self, kept: dict[int, Batch | None], n: int, batch: Batch | None) -> None:
        needed = 0 if batch is None else batch.images.nbytes + batch.targets.nbytes
        if needed <= self._left:
            self._left -= needed
            kept[n] = batch

    def _of(self, split: Split) -> dict[int, Batch | None]:
        for known, kept in self._kept:
            if known is split:
                return kept
        self._kept.append((split, {}))
        return self._kept[-1][1]


def is_of(batch: Batch, split: Split, numbers: IntArray) -> bool:
    """Whether a batch is what could be read of the samples with these numbers."""
    return batch.ids[0] in {split.ids[i] for i in numbers}
