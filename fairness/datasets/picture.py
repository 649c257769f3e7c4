"""Reads a PNG, JPEG or TIFF file as one grey image, of 8 bits or more; nothing in it is trusted."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fairness.arrays import Array, Image
from fairness.datasets.window import HOW, Window, levels
from fairness.errors import DataError

# Pillow reports some broken files by logging, too; what is wrong is said once, by the error.
logging.getLogger("PIL").addHandler(logging.NullHandler())

MAX_PIXELS = 50_000_000
"""Largest picture that is decoded: a small file may claim any size. Radiographs have 20 million."""

TIFF = (".tif", ".tiff")
"""Endings, in lower case, of what is read as TIFF; anything else is PNG or JPEG."""

BITS_PER_SAMPLE = 258
"""TIFF's tag."""

PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
"""TIFF's tag of what its numbers mean, and its value of negatives."""

DEEP_MODES = ("I", "F")
"""Of Pillow: more than 8 bits a pixel, which it would clip at 255."""


def read_picture(path: Path, window: Window | None = None) -> Array:
    """The picture as stored, (H, W) uint8; colours become luma.

    Args:
        path: of the file.
        window: of a grey picture of more than 8 bits, which becomes grey levels 0..255 in float64;
            any other is taken as it is.

    Raises:
        DataError: it is missing, truncated, too large, of more than 8 bits without a window, or not
            of the format of its ending.
    """
    with _opened(path, window) as picture:
        if window is not None and _is_deep(picture):
            return levels(np.asarray(picture), window, f"{path}:")
        return np.asarray(picture.convert("L"), dtype=np.uint8)


def read_colours(path: Path, window: Window | None = None) -> Array:
    """The picture as stored, (H, W, 3) uint8 red, green, blue; grey is in all three.

    One of more than 8 bits comes as `read_picture` gives it, (H, W). Arguments and errors as there.
    """
    with _opened(path, window) as picture:
        if not _is_deep(picture):
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)
    return read_picture(path, window)


def luma(colours: Image) -> Image:
    """(H, W) uint8 of (H, W, 3) red, green and blue, as of a picture in colours."""
    return np.asarray(Pillow.fromarray(colours).convert("L"), dtype=np.uint8)


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


def picture_shape(path: Path, window: Window | None = None) -> tuple[int, int]:
    """Rows and columns of the picture, by its header alone.

    Raises:
        DataError: as `read_picture`, but for what only decoding finds.
    """
    with _opened(path, window) as picture:
        return picture.height, picture.width


@contextmanager
def _opened(path: Path, window: Window | None = None) -> Iterator[ImageFile]:
    kinds = ("TIFF",) if path.suffix.lower() in TIFF else ("PNG", "JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on odd tags of TIFF, which are not read
            with Pillow.open(path, formats=kinds) as picture:
                _check(path, picture)
                if _is_deep(picture):
                    _check_deep(path, picture, window)
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


def _is_deep(picture: ImageFile) -> bool:
    # Pillow cuts 16 bits of colour or transparency to 8 without a word; the tile says so, the mode
    # does not. What medical software writes there seldom fills the range: nearly all black.
    if isinstance(picture, TiffImageFile):
        is_deep = max(picture.tag_v2.get(BITS_PER_SAMPLE, (1,))) > 8
    else:
        is_deep = "16" in " ".join(str(tile.args) for tile in picture.tile)
    return picture.mode.startswith(DEEP_MODES) or is_deep


def _check_deep(path: Path, picture: ImageFile, window: Window | None) -> None:
    fault = ""
    if not picture.mode.startswith(DEEP_MODES):
        fault = " (a colour); save it as grey, or with 8 bits a colour"
    elif window is None:
        fault = f"; rescale it to 0..255, or of images in a table {HOW}"
    elif isinstance(picture, TiffImageFile) and picture.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        # Pillow inverts such pictures of 8 bits, but no others.
        fault = ", and its white is zero; save it with black as zero"
    if fault:
        raise DataError(
            f"{path}: has more than 8 bits a pixel{fault}, or go on without it by --on-error skip"
        )
