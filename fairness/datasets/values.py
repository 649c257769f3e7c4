"""Reads one value of one npz file and checks that it is what it must be."""

import math

import numpy as np

from fairness.arrays import Array, Image
from fairness.attributes import UNKNOWN, Attribute
from fairness.datasets.npz import Npz
from fairness.errors import DataError
from fairness.unknown import is_unknown


class UnknownCodeError(DataError):
    """A group code without a meaning: the whole copy may be coded differently, so never skipped."""


def read_code(npz: Npz, attribute: Attribute, key: str | None = None) -> int:
    """The group code of an attribute; `UNKNOWN` where the key is absent or says so.

    A code, the name of a group, or what `fairness/unknown.py` lists.

    `key` is that of the code in the file, by default the attribute's name.

    Raises:
        UnknownCodeError: the code is outside the known groups.
    """
    key = key or attribute.name
    if key not in npz:
        return UNKNOWN
    value = npz.scalar(key)
    code = attribute.code(value)
    if code is None:
        known = ", ".join(f"{code} {group}" for code, group in enumerate(attribute.groups))
        raise UnknownCodeError(
            f"{npz.path}: {key} is {value!r}, known are {known}, -1 unknown; "
            "this copy is coded differently: recode it as docs/data.md says"
        )
    return code


def read_label(npz: Npz, key: str) -> int:
    """A 0/1 label.

    Raises:
        DataError: the key is absent, or its value is anything else.
    """
    value = npz.scalar(key)
    if value not in (0, 1):
        raise DataError(
            f"{npz.path}: '{key}' is {value!r}, expected 0 or 1; choose a 0/1 key by --target, or "
            "go on without the file by --on-error skip"
        )
    return int(value)


def read_measurement(npz: Npz, key: str) -> float:
    """A number; NaN where the key is absent or says so (`fairness/unknown.py`).

    Raises:
        DataError: the value is any other text.
    """
    if key not in npz:
        return math.nan
    value = npz.scalar(key)
    if isinstance(value, str):
        if is_unknown(value):
            return math.nan
        raise DataError(
            f"{npz.path}: '{key}' is the text {value!r}, expected a number; store a number or NaN"
        )
    return float(value)


def read_image(npz: Npz, key: str, axes: str = "H, W") -> Image:
    """A grey image, (H, W) uint8; or a stack, with `axes` "D, H, W".

    Raises:
        DataError: not of as many axes, empty, not of integers, outside 0..255, or scaled to 0..1.
    """
    return as_image(npz.array(key), f"{npz.path}: '{key}'", axes)


def as_image(array: Array, where: str, axes: str = "H, W") -> Image:
    """A stored array as a grey image, or as a stack of them; `where` begins its errors.

    Raises:
        DataError: as `read_image`.
    """
    if array.ndim != len(axes.split(",")) or array.size == 0:
        raise DataError(f"{where} has shape {array.shape}, expected one grey image ({axes})")
    if array.dtype.kind not in "iu":
        # The original turns images scaled to 0..1 into black ones without a word.
        hint = "multiply by 255 and " if array.dtype.kind == "f" and array.max() <= 1 else ""
        raise DataError(f"{where} holds {array.dtype}, expected 0..255; {hint}store it as uint8")
    if array.dtype != np.uint8 and (array.min() < 0 or array.max() > 255):
        raise DataError(
            f"{where} has values {array.min()}..{array.max()}, expected 0..255; rescale it to uint8"
        )
    if array.max() == 1 and array.min() == 0:
        raise DataError(f"{where} has values 0..1, expected 0..255; multiply by 255, then round")
    return np.ascontiguousarray(array, dtype=np.uint8)
