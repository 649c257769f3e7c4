"""Decoders of single images by the ending of the file; a further format is one line of a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness.arrays import Array
from fairness.datasets.picture import TIFF, picture_shape, read_colours, read_picture
from fairness.datasets.window import Window
from fairness.errors import DataError


@dataclass(frozen=True)
class Format:
    """A file format with one image a file; its functions raise DataError for a broken file.

    Each takes the window of images of more than 8 bits, and refuses these without one.
    """

    shape: Callable[[Path, Window | None], tuple[int, ...]]
    """Shape of the image by the header alone."""
    decode: Callable[[Path, Window | None], Array]
    """(H, W) grey: uint8, or float64 grey levels 0..255 by the window."""
    colours: Callable[[Path, Window | None], Array]
    """(H, W, 3) red, green, blue, or (H, W) by the window."""


_PICTURE = Format(picture_shape, read_picture, read_colours)

FORMATS: Mapping[str, Format] = dict.fromkeys((".png", ".jpg", ".jpeg", *TIFF), _PICTURE)
"""Ending in lower case to format."""


def format_of(path: Path) -> Format:
    """The format of an image file.

    Raises:
        DataError: the ending is of no known format.
    """
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"{path}: no known image format, known are {', '.join(FORMATS)}; convert it, or go on "
            "without it by --on-error skip"
        )
    return FORMATS[path.suffix.lower()]
