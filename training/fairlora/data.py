"""The data of a site, or of several as one."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN, Attribute
from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.marker import read_marker
from fairness.datasets.reader import LabelledSplit
from fairness.synthetic.site_recipe import SiteRecipe
from fairness.datasets.sites import find_sites
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.errors import DataError, UsageError
from training.fairlora.config import Config
from training.runlog import LOG, progress_bar

KINDS: Mapping[str, Literal["oph-slo", "oph-oct", "chest"]] = {
    "fairfedmed-slo": "oph-slo",
    "fairfedmed-oct": "oph-oct",
    "fairfedmed-chest": "chest",
}
"""Data set to the kind of synthetic data."""

CLASS_NAMES: Mapping[str, str] = {"glaucoma": "Glaucoma", "disease_label": "Pleural Effusion"}
"""What the prompts call a positive case of the published data sets."""


def open_split(config: Config, name: str, sites: tuple[str, ...] | None) -> LabelledSplit:
    """A split at some sites, or at all for None.

    Raises:
        UsageError: there is no such site or attribute.
        DataError: the data are missing or unusable.
    """
    if config.dataset == "fairfedmed-chest":
        return FairFedMedChest(
            config.root,
            name,
            target=config.target or "disease_label",
            attribute=config.attribute,
            sites=sites,
            size=(config.squash, config.squash),
        )
    return FairFedMedOph(
        config.root,
        name,
        modality="slo" if config.dataset == "fairfedmed-slo" else "oct",
        target=config.target or "glaucoma",
        attribute=config.attribute,
        sites=sites,
    )


def site_names(config: Config) -> tuple[str, ...]:
    """The sites that the settings name, or else all in the data.

    Raises:
        DataError: there are none for this attribute.
    """
    reader = FairFedMedChest if config.dataset == "fairfedmed-chest" else FairFedMedOph
    return config.sites or find_sites(config.root, reader.prefix, config.attribute)


def ensure_default(config: Config) -> None:
    """Write synthetic sites if no data are named, and those of the data set are not there.

    Raises:
        UsageError: the folder holds something else.
    """
    unfinished = read_marker(config.root).get("complete") is False
    if config.data is not None or (config.root.exists() and not unfinished):
        return
    kind = KINDS[config.dataset]
    LOG.info(f"{config.root} is missing: writing synthetic sites; --data names another folder")
    with progress_bar("writing images") as bar:
        write_fairfedmed(config.root, SiteRecipe(kind=kind), progress=bar.show)


def class_names(target: str) -> tuple[str, str]:
    """What the prompts call the negative and the positive class of a 0/1 key."""
    positive = CLASS_NAMES.get(target, target.replace("_", " "))
    return f"NOT {positive}", positive


def attribute_of(split: LabelledSplit, name: str) -> Attribute:
    """An attribute of a split by its name.

    Raises:
        UsageError: the data set does not know it.
    """
    known = {a.name: a for a in split.attributes}
    if name not in known:
        raise UsageError(f"no attribute '{name}'; choose from {', '.join(known)}")
    return known[name]


class Site:
    """Training and validation data of one client."""

    def __init__(self, config: Config, sites: tuple[str, ...]) -> None:
        """Open both splits.

        Raises:
            UsageError: there is no such site or attribute.
            DataError: the data are unusable, or no training sample is left.
        """
        self.name = "+".join(sites)
        self.train = open_split(config, "train", sites)
        self.val = open_split(config, "val", sites)
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
        self.labels = torch.from_numpy(self.train.labels)
        self.codes = torch.from_numpy(codes)
        self.image_shape: tuple[int, ...] = self.train[0].image.shape
        self._keeps = len(self.train) * int(np.prod(self.image_shape)) <= config.cache_mb * 2**20
        self._kept: dict[int, Tensor] = {}

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor, Tensor]:
        """Images (B, ...) uint8, labels (B,) and group codes (B,) int64 of training samples.

        Raises:
            DataError: an image is broken, or of another shape than the first.
        """
        images = torch.stack([self._image(int(i)) for i in index])
        return images, self.labels[index], self.codes[index]

    def group_counts(self) -> tuple[list[int], int]:
        """How many training samples there are of each group, and of none."""
        codes = self.codes[self.members]
        counts = [int((codes == code).sum()) for code in range(len(self.groups))]
        return counts, len(self.members) - sum(counts)

    def _image(self, i: int) -> Tensor:
        if i in self._kept:
            return self._kept[i]
        image = self.train[i].image
        if image.shape != self.image_shape:
            raise DataError(
                f"{self.train.ids[i]}: image {image.shape}, others are {self.image_shape}; "
                "leave it out, or bring all to one shape"
            )
        tensor = torch.from_numpy(image.copy())  # Pillow's arrays are read-only
        if self._keeps:
            self._kept[i] = tensor
        return tensor
