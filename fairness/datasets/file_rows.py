"""What opening a split reads of a single image file, as a row of an index, and back."""

from typing import NamedTuple

from fairness.datasets.dicom_tags import AGE, GROUPS
from fairness.datasets.entries import DIGEST
from fairness.datasets.row_blocks import Row


class Content(NamedTuple):
    """Of an image or a mask."""

    checksum: str
    """SHA-256 of the file, as hexadecimal digits."""
    shape: tuple[int, ...]
    """By the header; () where that is broken."""


def content_of(row: Row) -> Content:
    """The content again.

    Raises:
        TypeError, ValueError: the row holds anything else.
    """
    checksum, shape = row
    if len(bytes.fromhex(checksum)) != DIGEST or not set(map(type, shape)) <= {int}:
        raise TypeError
    return Content(checksum, tuple(shape))


def sound_content_of(row: Row) -> Content:
    """The content again, of a file whose header is sound: others are read anew each time.

    Raises:
        TypeError, ValueError: it is broken, or the row holds anything else.
    """
    content = content_of(row)
    if not content.shape:
        raise ValueError
    return content


class Tags(NamedTuple):
    """Words of DICOM by the names of `dicom_tags`; None of any other file."""

    words: dict[str, str] | None


def tags_of(row: Row) -> Tags:
    """The tags again.

    Raises:
        TypeError, ValueError: the row holds anything else.
    """
    (words,) = row
    if words is not None and (
        {*words} != {*GROUPS, AGE} or set(map(type, dict(words).values())) != {str}
    ):
        raise TypeError
    return Tags(words)


class Distances(NamedTuple):
    """Between rows and between columns of DICOM, mm, NaN where unknown; None of any other file."""

    mm: tuple[float, float] | None


def distances_of(row: Row) -> Distances:
    """The distances again.

    Raises:
        TypeError, ValueError: the row holds anything else.
    """
    (mm,) = row
    if mm is None:
        return Distances(None)
    rows, columns = mm
    if type(rows) is not float or type(columns) is not float:
        raise TypeError
    return Distances((rows, columns))
