"""Reads the mask of an image from a file of its own: one class a pixel, by its stored number."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fairness.arrays import Array, Image
from fairness.datasets.dicom import ENDINGS as DICOM
from fairness.datasets.dicom_seg import read_seg, seg_shape
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.datasets.npy import stored_array, stored_header
from fairness.datasets.picture import TIFF, picture_shape, read_indices
from fairness.errors import DataError, UsageError
from fairness.mask_names import names_of
from fairness.structures import BACKGROUND, EYE, Structures, structures_of

PICTURES = (".png", *TIFF)


@dataclass(frozen=True)
class MaskClasses:
    """What the numbers in the files of masks mean."""

    structures: Structures = EYE
    """Of the masks that are read: 0 background, k the k-th name."""
    numbers: Mapping[int, int] = field(default_factory=lambda: {0: 0, 1: 1, 2: 2})
    """Stored number to class."""

    def __str__(self) -> str:
        """All that a mask depends on, for fingerprints."""
        names = "" if self.structures == EYE else f" {self.structures}"
        return f"{sorted(self.numbers.items())}{names}"

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of what such masks score, in pixels and in mm."""
        return (*names_of(self.structures), *names_of(self.structures, mm=True))

    @classmethod
    def said_by(cls, said: Mapping[int, str]) -> "MaskClasses":
        """The classes that flags or `data.yaml` name, where no model does; else those of an eye.

        Raises:
            UsageError: a name cannot be that of a structure.
        """
        names = dict.fromkeys(said[number] for number in sorted(said))
        found = [name for name in names if name != BACKGROUND]
        if not found or set(found) <= set(EYE.names):
            return cls()
        try:
            return cls(structures_of((BACKGROUND, *found)))
        except ValueError as error:
            raise UsageError(f"--mask-values: {error}") from None

    def named(self, said: Mapping[int, str]) -> "MaskClasses":
        """The same classes with the numbers that flags or `data.yaml` give to their names.

        0 is the background where nothing says otherwise.

        Raises:
            UsageError: a structure is named that the model has not, or the other way round.
        """
        if not said:
            return self
        code = {name: i for i, name in enumerate(self.structures.classes)} | {BACKGROUND: 0}
        ours, theirs = self.structures.names, {name for name in said.values() if code.get(name)}
        if strange := [name for name in said.values() if name not in code]:
            raise UsageError(
                f"--mask-values: '{strange[0]}' is no class of the model; masks have "
                f"{', '.join(dict.fromkeys(said.values()))}, the model draws {', '.join(ours)}; "
                f"read it as background with {number_of(strange[0], said)}={BACKGROUND}"
            )
        if lacking := [name for name in ours if name not in theirs]:
            raise UsageError(
                f"--mask-values: no number is '{lacking[0]}'; masks have "
                f"{', '.join(dict.fromkeys(said.values()))}, the model draws {', '.join(ours)}; "
                "add it, or name it under 'ignore' in model.yaml"
            )
        free = (
            {} if {0, BACKGROUND, self.structures.background} & {*said, *said.values()} else {0: 0}
        )
        return replace(self, numbers={n: code[name] for n, name in said.items()} | free)


NUMBERED = MaskClasses(
    Structures(tuple(f"number {number}" for number in range(1, 256))), {n: n for n in range(256)}
)
"""Where nobody has said what the numbers mean."""


def number_of(name: str, said: Mapping[int, str]) -> int:
    """The first number of a name."""
    return next(number for number, other in said.items() if other == name)


def mask_shape(path: Path, key: str | None) -> tuple[int, ...]:
    """Shape of a mask, by the header of its file alone.

    Args:
        path: PNG, TIFF, npy, npz or a DICOM segmentation.
        key: of an npz file with several arrays.

    Raises:
        DataError: it is missing, or of no such format.
    """
    if path.suffix.lower() in ARRAYS:
        return stored_header(path, key)[0]
    if path.suffix.lower() in DICOM:
        return seg_shape(path)
    _check_ending(path)
    return picture_shape(path)


def read_class_mask(path: Path, key: str | None, classes: MaskClasses) -> Image:
    """The class of each pixel, (H, W) uint8.

    Args:
        path: PNG, TIFF, npy, npz or a DICOM segmentation.
        key: of an npz file with several arrays.
        classes: what the stored numbers mean.

    Raises:
        DataError: it is missing, broken, or holds another number.
    """
    if path.suffix.lower() in ARRAYS:
        stored: Array = stored_array(path, key)
    elif path.suffix.lower() in DICOM:
        stored = read_seg(path)
    else:
        _check_ending(path)
        stored = read_indices(path)
    if stored.dtype.kind not in "biuf" or stored.ndim != 2:
        raise DataError(
            f"{path}: holds {stored.dtype} of shape {stored.shape}, expected one number a pixel; "
            "store the class of each as uint8, or go on without it by --on-error skip"
        )
    mask, is_known = np.zeros(stored.shape, dtype=np.uint8), np.zeros(stored.shape, dtype=bool)
    for number, code in classes.numbers.items():
        here = stored == number
        mask[here], is_known = code, is_known | here
    if not is_known.all():
        names = classes.structures.classes
        known = ", ".join(f"{number} {names[code]}" for number, code in classes.numbers.items())
        raise DataError(
            f"{path}: holds {stored[~is_known][0]}, expected {known}; say what its numbers mean "
            f"with --mask-values, such as 0=background,255={names[-1]}"
        )
    return mask


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in PICTURES:
        known = ", ".join((*PICTURES, *ARRAYS, *DICOM))
        raise DataError(
            f"{path}: no known format of masks, known are {known}; "
            "convert it, or go on without it by --on-error skip"
        )
