"""Rows of JSON in a file, of which only a block at a time is in memory.

A line holds the columns of up to `BLOCK` rows; the last line is the checksum of all others.
"""

import hashlib
import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

BLOCK = 200
"""Rows of a line: some 60 KB, after which the heap has no large holes."""

MOST_BYTES = 2**31
"""Of a file that is read, enough for millions of rows."""

Row: TypeAlias = tuple[Any, ...]
"""What JSON holds: the name of a file, three whole numbers, and more."""


class SealedRows:
    """The rows of a file whose checksum is right."""

    def __init__(self, path: Path, width: int) -> None:
        """Open the file at `path`, whose rows have `width` values.

        Raises:
            OSError: it cannot be read.
            ValueError: it has another checksum, or is too large.
        """
        self._file, self._width = open(path, "rb"), width  # noqa: SIM115 - until `close`
        weakref.finalize(self, self._file.close)
        whole = self._file.seek(0, 2)
        self._size = max(0, whole - len(seal(hashlib.sha256())))
        if whole > MOST_BYTES:
            raise ValueError("too large")
        self._file.seek(0)
        found, left = hashlib.sha256(), self._size
        while left and (part := self._file.read(min(left, 2**20))):
            found.update(part)
            left -= len(part)
        if self._file.read() != seal(found):
            raise ValueError("another checksum")

    def blocks(self) -> Iterator[list[Row]]:
        """All rows, in blocks, from the first on.

        Raises:
            OSError: the file can no longer be read.
            ValueError, TypeError, RecursionError: it holds anything but such rows.
        """
        self._file.seek(0)
        at = 0
        while at < self._size:
            line = self._file.readline(self._size - at)
            at += len(line)
            columns = json.loads(line)
            if len(columns) != self._width:
                raise ValueError("other columns")
            sound = all(set(map(type, column)) <= {int} for column in columns[1:4])
            if not sound or not set(map(type, columns[0])) <= {str} or not columns[0]:
                raise ValueError("other columns")
            yield list(zip(*columns, strict=True))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class WaitingRows:
    """Rows that are to be written, on the disk where they are many."""

    def __init__(self) -> None:
        """Begin without any."""
        self._rows: list[Row] = []
        self._file: IO[bytes] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: Row) -> None:
        """Take one more.

        Raises:
            OSError: it cannot be written.
        """
        self._rows.append(row)
        self._count += 1
        if len(self._rows) == BLOCK:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until `close`
                weakref.finalize(self, self._file.close)
            self._file.write(_line(self._rows))
            self._rows = []

    def lines(self) -> Iterator[bytes]:
        """All rows as lines.

        Raises:
            OSError: they cannot be read again.
        """
        if self._file is not None:
            self._file.seek(0)
            yield from self._file
        if self._rows:
            yield _line(self._rows)

    def close(self) -> None:
        """Forget them."""
        self._rows = []
        if self._file is not None:
            self._file.close()


def lines_of(rows: Iterable[Row]) -> Iterator[bytes]:
    """Rows as lines."""
    block: list[Row] = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK:
            yield _line(block)
            block = []
    if block:
        yield _line(block)


def sealed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines and, as the last one, their checksum."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line)
        yield line
    yield seal(found)


def seal(found: "hashlib._Hash") -> bytes:
    """The last line, of a fixed length, from the SHA-256 of all lines before it."""
    return b"fair-audit index " + found.hexdigest().encode() + b"\n"


def _line(rows: list[Row]) -> bytes:
    return json.dumps([list(column) for column in zip(*rows, strict=True)]).encode() + b"\n"
