"""Reads the mask of an image from a file of its own: one class a pixel, by its stored number."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fairness.arrays import Array, Image
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.datasets.npy import stored_array, stored_header
from fairness.datasets.picture import TIFF, picture_shape, read_indices
from fairness.errors import DataError

CLASSES = ("background", "rim", "cup")
"""Names of the classes 0, 1 and 2."""
AS_CLASSES: Mapping[int, int] = {code: code for code in range(len(CLASSES))}
"""Where the stored number is the class."""
PICTURES = (".png", *TIFF)


def mask_shape(path: Path, key: str | None) -> tuple[int, ...]:
    """Shape of a mask, by the header of its file alone.

    Args:
        path: PNG, TIFF, npy or npz.
        key: of an npz file with several arrays.

    Raises:
        DataError: it is missing, or of no such format.
    """
    if path.suffix.lower() in ARRAYS:
        return stored_header(path, key)[0]
    _check_ending(path)
    return picture_shape(path)


def read_class_mask(path: Path, key: str | None, values: Mapping[int, int]) -> Image:
    """The class of each pixel, (H, W) uint8.

    Args:
        path: PNG, TIFF, npy or npz.
        key: of an npz file with several arrays.
        values: stored number to class.

    Raises:
        DataError: it is missing, broken, or holds another number.
    """
    if path.suffix.lower() in ARRAYS:
        stored: Array = stored_array(path, key)
    else:
        _check_ending(path)
        stored = read_indices(path)
    if stored.dtype.kind not in "biuf" or stored.ndim != 2:
        raise DataError(
            f"{path}: holds {stored.dtype} of shape {stored.shape}, expected one number a pixel; "
            "store the class of each as uint8, or go on without it by --on-error skip"
        )
    mask, is_known = np.zeros(stored.shape, dtype=np.uint8), np.zeros(stored.shape, dtype=bool)
    for number, code in values.items():
        here = stored == number
        mask[here], is_known = code, is_known | here
    if not is_known.all():
        known = ", ".join(f"{number} {CLASSES[code]}" for number, code in values.items())
        raise DataError(
            f"{path}: holds {stored[~is_known][0]}, expected {known}; say what its numbers mean "
            "with --mask-values, such as 0=background,128=rim,255=cup"
        )
    return mask


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in PICTURES:
        raise DataError(
            f"{path}: no known format of masks, known are {', '.join((*PICTURES, *ARRAYS))}; "
            "convert it, or go on without it by --on-error skip"
        )
