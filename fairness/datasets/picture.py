"""Reads a PNG, JPEG or TIFF file as one grey image; nothing in the file is trusted."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fairness.arrays import Image
from fairness.errors import DataError

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded: a small file may claim any size. Radiographs have 20 million."""

TIFF = (".tif", ".tiff")
"""Endings, in lower case, of what is read as TIFF; anything else is PNG or JPEG."""

BITS_PER_SAMPLE = 258
"""TIFF's tag."""

DEEP_MODES = ("I", "F")
"""Of Pillow: more than 8 bits a pixel, which it would clip at 255."""


def read_picture(path: Path) -> Image:
    """The picture as stored, (H, W) uint8; colours become luma.

    Raises:
        DataError: it is missing, truncated, too large, not 8-bit, or not of the
            format of its ending.
    """
    with _opened(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.uint8)


def read_colours(path: Path) -> Image:
    """The picture as stored, (H, W, 3) uint8 red, green, blue; grey is in all three.

    Raises:
        DataError: as `read_picture`.
    """
    with _opened(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def read_indices(path: Path) -> Image:
    """The stored numbers of a grey picture or of one with a palette, (H, W) uint8: no colours.

    Raises:
        DataError: as `read_picture`, or it holds colours.
    """
    with _opened(path) as picture:
        if picture.mode not in ("1", "L", "P"):
            raise DataError(
                f"{path}: holds colours ({picture.mode}), expected one number a pixel; save it as "
                "a grey PNG"
            )
        return np.asarray(picture, dtype=np.uint8)


def picture_shape(path: Path) -> tuple[int, int]:
    """Rows and columns of the picture, by its header alone.

    Raises:
        DataError: as `read_picture`, but for what only decoding finds.
    """
    with _opened(path) as picture:
        return picture.height, picture.width


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    kinds = ("TIFF",) if path.suffix.lower() in TIFF else ("PNG", "JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on odd tags of TIFF, which are not read
            with Pillow.open(path, formats=kinds) as picture:
                _check(path, picture)
                yield picture
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; fetch it, or use --on-error skip") from None
    except DataError:
        raise
    except Exception as error:  # Pillow raises almost anything, warnings on bombs among them
        reason = " ".join(str(error).split())
        raise DataError(
            f"{path}: no readable {' or '.join(kinds)} ({reason}); fetch it again, or "
            "go on without it by --on-error skip"
        ) from None


def _check(path: Path, picture: ImageFile) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise DataError(
            f"{path}: claims {picture.width} x {picture.height} pixels, more than any radiograph "
            "has; go on without it by --on-error skip"
        )
    if isinstance(picture, TiffImageFile) and picture.n_frames > 1:
        raise DataError(
            f"{path}: holds {picture.n_frames} pictures, expected one; save each in a file of its "
            "own, or go on without it by --on-error skip"
        )
    # Pillow cuts 16 bits of colour or transparency to 8 without a word; the tile says so, the mode
    # does not. What medical software writes there seldom fills the range: nearly all black.
    if isinstance(picture, TiffImageFile):
        is_deep = max(picture.tag_v2.get(BITS_PER_SAMPLE, (1,))) > 8
    else:
        is_deep = "16" in " ".join(str(tile.args) for tile in picture.tile)
    if picture.mode.startswith(DEEP_MODES) or is_deep:
        raise DataError(
            f"{path}: has more than 8 bits a pixel (a colour); rescale it to 0..255, or go on "
            "without it by --on-error skip"
        )
