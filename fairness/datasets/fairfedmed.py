"""Reads FairFedMed-Oph (FairFedMed, IEEE TMI 2025): glaucoma at simulated sites.

One npz a patient, with an SLO fundus image and an OCT volume, a 0/1 label and demographic codes as
in Harvard-FairVLMed, and csv files that divide the pool into sites anew for every attribute. Labels
and codes come from the npz; of the csv files only the column `filename` is read.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal, Unpack

from fairness.arrays import Image
from fairness.attributes import EYE_ATTRIBUTES
from fairness.datasets.entry import Entry, read_common
from fairness.datasets.federated import FederatedSplit, NoImageError, sample_id
from fairness.datasets.npz import Npz
from fairness.datasets.reader import Options
from fairness.datasets.sites import Line
from fairness.datasets.values import read_image, read_label
from fairness.errors import DataError

POOL = "all"
"""Folder of the npz files below that of the csv files, as published; they may lie beside them."""

IMAGES = {"slo": ("slo_fundus", "H, W"), "oct": ("oct_bscans", "D, H, W")}
"""Modality to the npz key of its image and its axes."""


class FairFedMedOph(FederatedSplit):
    """One split over some or all sites; images (H, W) uint8, or (D, H, W) for OCT."""

    prefix = "site"
    recorded = EYE_ATTRIBUTES
    default_target = "glaucoma"

    def __init__(
        self,
        root: Path,
        split: str,
        *,
        modality: Literal["slo", "oct"] = "slo",
        **options: Unpack[Options],
    ) -> None:
        """Find the samples; other arguments and errors as `FederatedSplit`.

        Args:
            root: the folder that holds the csv files of the sites.
            split: `train`, `val` or `test`.
            modality: SLO fundus images or OCT volumes. A patient without an image of that modality
                is left out and listed in `skipped`.
            options: as `Options`.
        """
        self.name = f"fairfedmed-{modality}"
        self._key, self._axes = IMAGES[modality]
        super().__init__(root, split, **options)

    def _read_entry(self, line: Line, name: str) -> Entry:
        name = f"{sample_id(name)}.npz"
        pooled = self.root / POOL / name
        path = pooled if pooled.is_file() else self.root / name
        if not path.is_file():
            raise line.fault(
                f"{name} lies neither in {self.root / POOL} nor in {self.root}; fetch it, or go on "
                "without it by --on-error skip"
            )
        with Npz(path) as npz:
            shape = self._checked_shape(npz)
            label = read_label(npz, self.target)
            entry = read_common(npz, self._key, {a: a.name for a in self.recorded}, shape)
        return replace(entry, id=sample_id(name), label=label)

    def _checked_shape(self, npz: Npz) -> tuple[int, ...]:
        shape, _ = npz.header(self._key)
        if math.prod(shape) == 0:
            raise NoImageError(f"{npz.path}: '{self._key}' is empty: no such image of this patient")
        if len(shape) != len(self._axes.split(",")):
            raise DataError(
                f"{npz.path}: '{self._key}' has shape {shape}, expected one grey image "
                f"({self._axes}); go on without the file by --on-error skip"
            )
        return shape

    def _decode(self, entry: Entry) -> tuple[Image, int]:
        with Npz(entry.path) as npz:
            return read_image(npz, self._key, self._axes), entry.label
