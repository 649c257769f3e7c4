"""Reads FairFedMed-Oph (FairFedMed, IEEE TMI 2025): glaucoma at simulated sites.

One npz a patient, with an SLO fundus image and an OCT volume, a 0/1 label and demographic codes as
in Harvard-FairVLMed, and csv files that divide the pool into sites anew for every attribute. Labels
and codes come from the npz; of the csv files only the column `filename` is read.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from fairness.arrays import Image
from fairness.attributes import EYE_ATTRIBUTES
from fairness.datasets.entry import Entry, read_common
from fairness.datasets.entry_rows import indexed
from fairness.datasets.federated import FederatedSplit, NoImageError, sample_id
from fairness.datasets.further import with_own_words
from fairness.datasets.npz import Npz
from fairness.datasets.sites import Line
from fairness.datasets.values import read_image, read_label
from fairness.errors import DataError

POOL = "all"
"""Folder of the npz files below that of the csv files, as published; they may lie beside them."""


class FairFedMedOph(FederatedSplit):
    """One split over some or all sites; SLO fundus images (H, W) uint8.

    A patient without an image of the modality is left out and listed in `skipped`.
    """

    name = "fairfedmed-slo"
    prefix = "site"
    recorded = EYE_ATTRIBUTES
    default_target = "glaucoma"
    image_key: ClassVar[str] = "slo_fundus"
    axes: ClassVar[str] = "H, W"

    def _read_entry(self, line: Line, name: str) -> Entry:
        name = f"{sample_id(name)}.npz"
        pooled = self.root / POOL / name
        path = pooled if pooled.is_file() else self.root / name
        if not path.is_file():
            raise line.fault(
                f"{name} lies neither in {self.root / POOL} nor in {self.root}; fetch it, or go on "
                "without it by --on-error skip"
            )
        return replace(indexed(path, self._known, self._own_entry), id=sample_id(name))

    def _own_entry(self, path: Path) -> Entry:
        with Npz(path) as npz:
            shape = self._checked_shape(npz)
            label = read_label(npz, self.target)
            keys = {a: a.name for a in self.recorded}
            entry = read_common(npz, self.image_key, keys, shape, self.axes)
        return with_own_words(replace(entry, label=label), self._further)

    def _checked_shape(self, npz: Npz) -> tuple[int, ...]:
        shape, _ = npz.header(self.image_key)
        if math.prod(shape) == 0:
            raise NoImageError(
                f"{npz.path}: '{self.image_key}' is empty: no such image of this patient"
            )
        if len(shape) != len(self.axes.split(",")):
            raise DataError(
                f"{npz.path}: '{self.image_key}' has shape {shape}, expected one grey image "
                f"({self.axes}); go on without the file by --on-error skip"
            )
        return shape

    def _decode(self, entry: Entry) -> tuple[Image, int]:
        with Npz(entry.path) as npz:
            return read_image(npz, self.image_key, self.axes), entry.label


class FairFedMedOct(FairFedMedOph):
    """One split over some or all sites; OCT volumes (D, H, W) uint8."""

    name = "fairfedmed-oct"
    image_key = "oct_bscans"
    axes = "D, H, W"
