"""The data of a site, or of several as one."""

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN
from fairness.datasets.catalogue import dataset_of, open_split
from fairness.datasets.reader import Split
from fairness.datasets.stream import samples
from fairness.errors import DataError
from fairness.samples import Sample
from training.fairlora.config import Config
from training.kept import Kept
from training.starting_data import attribute_of, usable_samples


def open_sites(config: Config, name: str, sites: tuple[str, ...]) -> Split:
    """A split at some sites.

    Raises:
        UsageError: there is no such site or attribute.
        DataError: the data are missing or unusable.
    """
    return open_split(
        config.dataset,
        config.root,
        name,
        target=config.target,
        on_error=config.on_error,
        attribute=config.attribute,
        sites=sites,
        shape=config.shape,
    )


def site_names(config: Config) -> tuple[str, ...]:
    """The sites that the settings name, or else all in the data.

    Raises:
        DataError: there are none for this attribute.
    """
    return config.sites or dataset_of(config.dataset).site_names(config.root, config.attribute)


class Site:
    """Training and validation data of one client."""

    def __init__(self, config: Config, sites: tuple[str, ...]) -> None:
        """Open both splits.

        Raises:
            UsageError: there is no such site or attribute.
            DataError: the data are unusable, or no training sample is left.
        """
        self.name = "+".join(sites)
        self.train = open_sites(config, "train", sites)
        self.val = open_sites(config, "val", sites)
        self.groups = attribute_of(self.train, config.attribute).groups
        codes = self.train.codes[config.attribute]
        usable = (codes != UNKNOWN) | (config.unknown == "keep")
        self.members: IntArray = np.flatnonzero(usable)
        """Numbers of the samples that train."""
        if not len(self.members):
            raise DataError(
                f"{config.root}: {config.attribute} is unknown in all training samples of "
                f"{self.name}; choose another --attribute, or --unknown keep"
            )
        if self.train.labels is None:
            raise DataError(f"{config.root}: the target is a mask; choose a 0/1 --target")
        self.labels = torch.from_numpy(self.train.labels)
        self.codes = torch.from_numpy(codes)
        first = next(samples(self.train), None)
        if first is None:
            raise DataError(f"{config.root}: no training image of {self.name} is usable")
        self.image_shape: tuple[int, ...] = first.image.shape
        self._keeps = len(self.train) * int(np.prod(self.image_shape)) <= config.cache_mb * 2**20
        self._kept: dict[int, Tensor] = {}
        self.judged = Kept(config.cache_mb)
        """Batches of `val`."""
        if config.on_error == "skip":
            found = usable_samples(self.train, self._made, skip=True)
            self.members = np.intersect1d(self.members, found)

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor, Tensor]:
        """Images (B, ...) uint8, labels (B,) and group codes (B,) int64 of training samples.

        Raises:
            DataError: an image is broken, or of another shape than the first.
        """
        images = torch.stack([self._image(int(i)) for i in index])
        return images, self.labels[index], self.codes[index]

    def group_counts(self) -> tuple[list[int], int]:
        """Number of training samples of each group, and of unknown group."""
        codes = self.codes[self.members]
        counts = [int((codes == code).sum()) for code in range(len(self.groups))]
        return counts, len(self.members) - sum(counts)

    def _image(self, i: int) -> Tensor:
        if i in self._kept:
            return self._kept[i]
        return self._made(i, self.train.read(i))

    def _made(self, i: int, sample: Sample) -> Tensor:
        image = sample.image
        if image.shape != self.image_shape:
            raise DataError(
                f"{self.train.ids[i]}: image {image.shape}, others are {self.image_shape}; "
                "leave it out, or bring all to one shape"
            )
        tensor = torch.from_numpy(image.copy())  # Pillow's arrays are read-only
        if self._keeps:
            self._kept[i] = tensor
        return tensor
