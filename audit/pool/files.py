"""Reads the files of sites from disk."""

from pathlib import Path

from fairness.errors import DataError
from fairness.pooling.document import MOST_BYTES, parsed
from fairness.pooling.summary import SiteSummary


def read_content(path: Path) -> bytes:
    """What a file holds, one byte more than it may at most.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the file of a site") from None


def read_site(path: Path) -> SiteSummary:
    """The file of a site.

    Raises:
        DataError: it cannot be read, or is none.
    """
    return parsed(read_content(path), str(path))
