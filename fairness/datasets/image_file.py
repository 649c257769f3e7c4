"""Reads the image of one file of any known format; a table may name files of several."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairness.arrays import Image
from fairness.datasets.decode import FORMATS, Format
from fairness.datasets.dicom import Window, dicom_shape, is_dicom, read_dicom
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.datasets.npy import stored_array, stored_header
from fairness.datasets.values import as_image
from fairness.errors import DataError


@dataclass(frozen=True)
class ImageFiles:
    """How image files are read, whatever their format: by their endings, DICOM by its mark too."""

    axes: str = "H, W"
    """Of arrays; "D, H, W" for volumes, which no other format holds."""
    key: str | None = None
    """Of npz files that hold several arrays."""
    window: Window | None = None
    """Of DICOM files; None: the first of each file."""
    channels: int = 1
    """1: (H, W); 3: (H, W, 3) red, green, blue, and a grey image is in all three."""

    def shape(self, path: Path) -> tuple[int, ...]:
        """Shape of an image, by the header of its file alone.

        Raises:
            DataError: it is missing, broken, or of no known format.
            UsageError: it is DICOM, and pydicom is not installed.
        """
        if path.suffix.lower() in ARRAYS:
            shape = stored_header(path, self.key)[0]
        elif is_dicom(path):
            shape = dicom_shape(path)
        else:
            shape = _known(path).shape(path)
        return (*shape, 3) if self.channels == 3 and len(shape) == 2 else shape

    def read(self, path: Path) -> Image:
        """The image, uint8.

        Raises:
            DataError, UsageError: as `shape`, or it is no image of 0..255.
        """
        if path.suffix.lower() in ARRAYS:
            stored = stored_array(path, self.key)
            is_rgb = self.channels == 3 and stored.ndim == 3 and stored.shape[2] == 3
            image = as_image(stored, str(path), "H, W, 3" if is_rgb else self.axes)
        elif is_dicom(path):
            image = read_dicom(path, self.window)
        else:
            known = _known(path)
            image = known.colours(path) if self.channels == 3 else known.decode(path)
        if self.channels == 3 and image.ndim == 2:
            image = np.repeat(image[:, :, np.newaxis], 3, axis=2)
        return image


def _known(path: Path) -> Format:
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"{path}: no known image format, known are {', '.join((*FORMATS, *ARRAYS))} and DICOM; "
            "convert it, or go on without it by --on-error skip"
        )
    return FORMATS[path.suffix.lower()]
