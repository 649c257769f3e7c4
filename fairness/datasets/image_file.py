"""Reads the image of one file of any known format; a table may name files of several."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairness.arrays import Array
from fairness.datasets.decode import FORMATS, Format
from fairness.datasets.dicom import dicom_shape, is_dicom, read_dicom
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.datasets.npy import stored_array, stored_header
from fairness.datasets.npz import SKIP
from fairness.datasets.picture import luma
from fairness.datasets.values import as_image
from fairness.datasets.window import HOW, Window, levels
from fairness.errors import DataError


@dataclass(frozen=True)
class ImageFiles:
    """How image files are read, whatever their format: by their endings, DICOM by its mark too."""

    axes: str = "H, W"
    """Of arrays; "D, H, W" for volumes, which no other format holds."""
    key: str | None = None
    """Of npz files that hold several arrays."""
    window: Window | None = None
    """Of images of more than 8 bits, and of DICOM files, of which None takes the first of each."""
    channels: int = 1
    """1: (H, W); 3: (H, W, 3) red, green, blue, and a grey image is in all three."""
    exact: bool = False
    """Whether images are float32 grey levels that were never rounded; else they are uint8."""

    def shape(self, path: Path) -> tuple[int, ...]:
        """Shape of an image, by the header of its file alone.

        Raises:
            DataError: it is missing, broken, of no known format, or needs a window.
            UsageError: it is DICOM, and pydicom is not installed.
        """
        if path.suffix.lower() in ARRAYS:
            shape, dtype = stored_header(path, self.key)
            if dtype.kind == "f" and self.window is None:
                raise DataError(_no_levels(path, str(dtype)))
        elif is_dicom(path):
            shape = dicom_shape(path, self.window)
        else:
            shape = _known(path).shape(path, self.window)
        return (*shape, 3) if self.channels == 3 and len(shape) == 2 else shape

    def read(self, path: Path) -> Array:
        """The image: uint8 grey levels, or float32 ones from 0 to 255 where they are `exact`.

        Raises:
            DataError, UsageError: as `shape`, or its values are no grey levels.
        """
        if path.suffix.lower() in ARRAYS:
            image = self._read_array(path)
        elif is_dicom(path):
            image = read_dicom(path, self.window)
        else:
            known = _known(path)
            image = (known.colours if self.channels == 3 else known.decode)(path, self.window)
        if self.channels == 3 and image.ndim == 2:
            image = np.repeat(image[:, :, np.newaxis], 3, axis=2)
        elif self.channels == 1 and image.ndim == 3 and self.axes == "H, W":
            image = luma(image)
        if self.exact:
            return image.astype(np.float32)
        return image if image.dtype == np.uint8 else np.rint(image).astype(np.uint8)

    def _read_array(self, path: Path) -> Array:
        stored = stored_array(path, self.key)
        is_rgb = self.channels == 3 and stored.ndim == 3 and stored.shape[2] == 3
        axes = "H, W, 3" if is_rgb else self.axes
        is_one = stored.size > 0 and stored.ndim == len(axes.split(","))
        if not is_one or stored.dtype == np.uint8 or stored.dtype.kind not in "iuf":
            return as_image(stored, str(path), axes)
        if self.window is not None:
            return levels(stored, self.window, f"{path}:")
        if stored.dtype.kind == "f" or stored.min() < 0 or stored.max() > 255:
            raise DataError(_no_levels(path, f"{stored.dtype}, {stored.min()}..{stored.max()}"))
        return as_image(stored, str(path), axes)


def _no_levels(path: Path, has: str) -> str:
    return f"{path}: holds {has}, expected 0..255; {HOW}, or {SKIP}"


def _known(path: Path) -> Format:
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"{path}: no known image format, known are {', '.join((*FORMATS, *ARRAYS))} and DICOM; "
            "convert it, or go on without it by --on-error skip"
        )
    return FORMATS[path.suffix.lower()]
