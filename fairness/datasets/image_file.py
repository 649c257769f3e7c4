"""Reads the image of one file of any known format; a table may name files of several."""

from dataclasses import dataclass
from pathlib import Path

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

    def shape(self, path: Path) -> tuple[int, ...]:
        """Shape of an image, by the header of its file alone.

        Raises:
            DataError: it is missing, broken, or of no known format.
            UsageError: it is DICOM, and pydicom is not installed.
        """
        if path.suffix.lower() in ARRAYS:
            return stored_header(path, self.key)[0]
        if is_dicom(path):
            return dicom_shape(path)
        return _known(path).shape(path)

    def read(self, path: Path) -> Image:
        """The image, uint8.

        Raises:
            DataError, UsageError: as `shape`, or it is no grey image of 0..255.
        """
        if path.suffix.lower() in ARRAYS:
            return as_image(stored_array(path, self.key), str(path), self.axes)
        if is_dicom(path):
            return read_dicom(path, self.window)
        return _known(path).decode(path)


def _known(path: Path) -> Format:
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"{path}: no known image format, known are {', '.join((*FORMATS, *ARRAYS))} and DICOM; "
            "convert it, or go on without it by --on-error skip"
        )
    return FORMATS[path.suffix.lower()]
