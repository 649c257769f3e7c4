"""Reads Harvard-FairSeg (Tian et al., FairSeg, ICLR 2024), and everything in its layout.

One npz a sample, with an SLO fundus image, the mask of its optic disc and cup, and demographic
codes. The release, the authors' code and derived copies call the keys differently; every name is
looked for in every file, so that a file may mix them. docs/data.md lists layouts and keys.
"""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

import numpy as np

from fairness.arrays import Array, Image
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, MARITAL_STATUS, RACE, Attribute
from fairness.datasets.entry import Entry, Stored, read_common
from fairness.datasets.npz import Npz
from fairness.datasets.npz_split import NpzSplit
from fairness.datasets.place import read_place
from fairness.datasets.reader import Options
from fairness.datasets.values import read_image
from fairness.errors import DataError, UsageError

TARGET = "mask"
IMAGE_KEYS = ("slo_fundus", "fundus_slo", "fundus")
MASK_KEYS = ("disc_cup_mask", "disc_cup", "disc_cup_borders")
ATTRIBUTE_KEYS = {
    RACE: ("race",),
    GENDER: ("gender",),
    ETHNICITY: ("ethnicity", "hispanic"),
    LANGUAGE: ("language",),
    MARITAL_STATUS: ("maritalstatus", "marriagestatus"),
}
"""The names that an attribute may have, the release's first; the first that is there counts."""

MIN_SIDE = 32
"""Rows and columns that an image must have: below, a disc is no shape any more."""


class FairSeg(NpzSplit):
    """One split, sorted by file name (`reader.Split`); images (H, W) uint8.

    A sample's target is its mask, (H, W) uint8: 0 background, 1 rim (disc without cup), 2 cup.

    The published lists have no validation split. Where there is none, a tenth of the patients of
    the training list, by the hash of the patient (`splits.is_held_out`), is read as `val` and left
    out of `train`, because thresholds and epochs are chosen on it; `is_carved` then is true. A
    skipped file counts in both, since its patient is not known.
    """

    name = "fairseg"
    default_target = TARGET
    holds_out = True
    attributes: tuple[Attribute, ...] = tuple(ATTRIBUTE_KEYS)

    def __init__(self, root: Path, split: str, **options: Unpack[Options]) -> None:
        """Find the files; arguments and errors of `NpzSplit`.

        Raises:
            UsageError: another target than `mask`.
        """
        if options.get("target") not in (None, TARGET):
            raise UsageError(f"FairSeg has no target '{options['target']}'; use {TARGET}")
        super().__init__(root, split, **options)

    def _read_entry(self, path: Path) -> Entry:
        with Npz(path) as npz:
            image_key, mask_key = npz.require(*IMAGE_KEYS), npz.require(*MASK_KEYS)
            shape = _checked_shape(npz, image_key, mask_key)
            keys = {
                attribute: next((name for name in names if name in npz), names[0])
                for attribute, names in ATTRIBUTE_KEYS.items()
            }
            entry = read_common(npz, image_key, keys, shape)
            return replace(entry, mask_place=npz.place(mask_key))

    def _target(self, one: Stored) -> Image:
        if (place := one.mask_place) is not None:
            stored = np.empty(one.shape, place.type)
            if stored.dtype.kind in "iuf" and read_place(one.path, place, stored):
                signed, mask = _classes(stored)
                if _is_known(signed, mask):
                    return mask
        with Npz(Path(one.path)) as npz:
            return read_mask(npz, npz.require(*MASK_KEYS))

    def _decode(self, entry: Entry) -> tuple[Image, Image]:
        with Npz(entry.path) as npz:
            image = read_image(npz, npz.require(*IMAGE_KEYS))
            return image, read_mask(npz, npz.require(*MASK_KEYS))


def _checked_shape(npz: Npz, image_key: str, mask_key: str) -> tuple[int, ...]:
    shape, dtype = npz.header(image_key)
    if len(shape) != 2 or dtype.kind not in "iu":
        read_image(npz, image_key)  # refuses it, and says what to do
    if min(shape) < MIN_SIDE:
        raise DataError(
            f"{npz.path}: '{image_key}' has shape {shape}, expected at least {MIN_SIDE} x "
            f"{MIN_SIDE}; fetch it again, or go on without the file by --on-error skip"
        )
    mask_shape, _ = npz.header(mask_key)
    if mask_shape != shape:
        raise DataError(
            f"{npz.path}: '{mask_key}' has shape {mask_shape}, its image {shape}, expected the "
            "same; fetch it again, or go on without the file by --on-error skip"
        )
    return shape


def read_mask(npz: Npz, key: str) -> Image:
    """Classes (H, W) uint8: 0 background, 1 rim, 2 cup; stored as 0, -1, -2 in any number type.

    Unsigned copies wrap around (254 is -2 in uint8), and are read as what they were.

    Raises:
        DataError: a value is anything else.
    """
    array = npz.array(key)
    stored, mask = _classes(array)
    is_numeric = array.dtype.kind in "iuf"
    if not is_numeric or not _is_known(stored, mask):
        what = array[(mask == 0) & (stored != 0)][0] if is_numeric else array.dtype
        raise DataError(
            f"{npz.path}: '{key}' holds {what}, expected 0 background, -1 rim, -2 cup; store it "
            "so, or go on without the file by --on-error skip"
        )
    return mask


def _classes(array: Array) -> tuple[Array, Image]:
    """The stored numbers with their signs, and the classes that they mean."""
    stored = array.astype(f"i{array.dtype.itemsize}") if array.dtype.kind == "u" else array
    rim, cup = stored == -1, stored == -2
    return stored, rim.astype(np.uint8) + 2 * cup.astype(np.uint8)


def _is_known(stored: Array, mask: Image) -> bool:
    """Whether every number means a class."""
    return bool(np.count_nonzero(mask) == np.count_nonzero(stored))
