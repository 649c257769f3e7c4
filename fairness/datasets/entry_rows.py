"""Entries of npz files as rows of an index, and back."""

import math
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from fairness.datasets.entries import DIGEST
from fairness.datasets.entry import NOTHING, Entry, shared
from fairness.datasets.folder_index import FolderIndex, remembered
from fairness.datasets.picture import MAX_PIXELS
from fairness.datasets.place import Place
from fairness.datasets.row_blocks import Row

WIDTH = 11
"""Values of a row."""


def indexed(path: Path, index: FolderIndex, read: Callable[[Path], Entry]) -> Entry:
    """The entry of an npz file as the index has it, or else as it is read now.

    Raises:
        DataError: by `read`.
    """
    return remembered(path, index, read, row_of, partial(entry_of, path))


def row_of(entry: Entry) -> Row:
    """Everything of an entry but its path, its text and what a model is sent beside the image."""
    return (
        entry.id,
        entry.patient,
        entry.digest.hex(),
        entry.image_checksum,
        list(entry.shape),
        entry.label,
        entry.codes,
        entry.covariates,
        entry.place,
        entry.mask_place,
        dict(entry.words),
    )


def entry_of(path: Path, row: Row) -> Entry:
    """The entry again.

    Raises:
        TypeError, ValueError, AttributeError: the row holds anything else.
    """
    id_, patient, digest, checksum, shape, label, codes, covariates, place, mask, words = row
    if not (
        type(id_) is type(patient) is type(checksum) is str
        and type(label) is int
        and set(map(type, shape)) <= {int}
        and (place is None or math.prod(shape) <= MAX_PIXELS)
        and set(map(type, codes.values())) <= {int}
        and set(map(type, covariates.values())) <= {float}
        and set(map(type, words.values())) <= {str}
        and len(bytes.fromhex(digest)) == DIGEST
    ):
        raise TypeError
    return Entry(
        id=id_,
        path=path,
        codes=shared(tuple(codes.items())),
        covariates=covariates,
        patient=patient,
        digest=bytes.fromhex(digest),
        image_checksum=checksum,
        shape=_same(tuple(shape)),
        label=label,
        place=_place(place),
        mask_place=_place(mask),
        words=words or NOTHING,
    )


@lru_cache(maxsize=4096)
def _same(shape: tuple[int, ...]) -> tuple[int, ...]:
    """One object for all entries of a shape."""
    return shape


def _place(values: list[Any] | None) -> Place | None:
    """The place again.

    Raises:
        TypeError: these are no values of one.
    """
    place = None if values is None else Place(*values)
    if place and tuple(map(type, place)) != (int, int, int, int, bool, str, int):
        raise TypeError
    return place
