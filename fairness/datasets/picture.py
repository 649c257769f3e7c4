"""Reads a PNG or JPEG file as one grey image; nothing in the file is trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from fairness.arrays import Image
from fairness.errors import DataError

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded: a small file may claim any size. Radiographs have 20 million."""

DEEP_MODES = ("I", "F")
"""Of Pillow: more than 8 bits a pixel, which it would clip at 255."""


def read_picture(path: Path) -> Image:
    """The picture as stored, (H, W) uint8; colours become luma.

    Raises:
        DataError: it is missing, truncated, too large, not 8-bit, or neither PNG nor JPEG.
    """
    with _opened(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.uint8)


def picture_shape(path: Path) -> tuple[int, int]:
    """Rows and columns of the picture, by its header alone.

    Raises:
        DataError: as `read_picture`, but for what only decoding finds.
    """
    with _opened(path) as picture:
        return picture.height, picture.width


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    try:
        with Pillow.open(path, formats=("PNG", "JPEG")) as picture:
            _check(path, picture)
            yield picture
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; fetch it, or use --on-error skip") from None
    except (
        OSError,
        SyntaxError,  # how Pillow says that a PNG is broken
        ValueError,
        Pillow.DecompressionBombError,
        Pillow.DecompressionBombWarning,  # where warnings are errors
    ) as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path}: no readable PNG or JPEG ({reason}); fetch it again, or go on without it by "
            "--on-error skip"
        ) from None


def _check(path: Path, picture: ImageFile) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise DataError(
            f"{path}: claims {picture.width} x {picture.height} pixels, more than any radiograph "
            "has; go on without it by --on-error skip"
        )
    # Pillow cuts 16 bits of colour or transparency to 8 without a word; the tile says so, the mode
    # does not. What medical software writes there seldom fills the range: nearly all black.
    stored = " ".join(str(tile.args) for tile in picture.tile)
    if picture.mode.startswith(DEEP_MODES) or "16" in stored:
        raise DataError(
            f"{path}: has more than 8 bits a pixel (a colour); rescale it to 0..255, or go on "
            "without it by --on-error skip"
        )
