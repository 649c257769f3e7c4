"""Everything about one sample of a split but its image and mask."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from fairness.arrays import Array
from fairness.attributes import UNKNOWN, Attribute
from fairness.datasets.npz import Npz
from fairness.datasets.place import Place
from fairness.datasets.values import read_code, read_measurement
from fairness.text import one_line
from fairness.unknown import is_unknown, whole

NOTHING: Mapping[str, Any] = {}
"""Shared by all entries that have none: there may be millions."""

PATIENT_KEYS = ("pid", "subject", "patient", "patient_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything about one sample but its image and mask."""

    id: str
    path: Path
    codes: Mapping[str, int]
    covariates: Mapping[str, float]
    patient: str
    digest: bytes
    """SHA-256 of the file's name and content, by which a split is recognised."""
    image_checksum: str
    """Equal for equal images."""
    shape: tuple[int, ...]
    """Of the image as it is read; () where the header of the file is broken."""
    label: int = UNKNOWN
    """0 or 1, or a class; -1 where the target is a mask, or several labels."""
    labels: tuple[int, ...] = ()
    """Of several labels 0 or 1, -1 where unknown."""
    text: str | None = None
    inputs: Mapping[str, Array] = field(default_factory=lambda: NOTHING)
    """What a model is sent beside the image, by the name of the tensor."""
    place: Place | None = None
    """Of an image of 8 bits in an npz file, from where it can be read straight into memory."""
    mask_place: Place | None = None
    """Of its mask."""
    words: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """What it says of attributes that a user named (`further.py`); absent where nothing."""


class Stored(NamedTuple):
    """As much of an entry as reading its image needs, made in a fraction of the time."""

    id: str
    path: str
    codes: Mapping[str, int]
    shape: tuple[int, ...]
    label: int
    labels: tuple[int, ...]
    text: str | None
    inputs: Mapping[str, Array]
    place: Place | None
    mask_place: Place | None


def read_common(
    npz: Npz,
    image_key: str,
    keys: Mapping[Attribute, str],
    shape: tuple[int, ...],
    axes: str = "H, W",
) -> Entry:
    """Everything that all npz files hold, without target and text; reads no image.

    `keys` gives the name under which each attribute is stored, `axes` those of an image.

    Raises:
        DataError: a value is not what it must be.
    """
    checksums = npz.checksums()
    place = npz.place(image_key) if shape and len(shape) == len(axes.split(",")) else None
    return Entry(
        id=npz.path.stem,
        path=npz.path,
        codes=shared(tuple((a.name, read_code(npz, a, key)) for a, key in keys.items())),
        covariates=_read_covariates(npz),
        patient=_read_patient(npz),
        digest=hashlib.sha256("\n".join([npz.path.name, *checksums]).encode()).digest(),
        image_checksum=next((c for c in checksums if c.startswith(f"{image_key} ")), npz.path.name),
        shape=shape,
        place=place if place is not None and place.type == "|u1" else None,
    )


@lru_cache(maxsize=4096)
def shared(codes: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    """Codes by name, one object for all entries that have the same: there are few of these."""
    return dict(codes)


def _read_covariates(npz: Npz) -> dict[str, float]:
    """Age in years and visual-field mean deviation in dB; `site` only where it is a number."""
    values = {"age": read_measurement(npz, "age"), "md": read_measurement(npz, "md")}
    if "site" in npz and not isinstance(npz.scalar("site"), str):
        values["site"] = read_measurement(npz, "site")
    return values


def _read_patient(npz: Npz) -> str:
    """The first patient key that says something; else the file is a patient of its own."""
    for key in PATIENT_KEYS:
        if key in npz:
            said = whole(one_line(npz.scalar(key)))
            if not is_unknown(said):
                return said
    return npz.path.stem
