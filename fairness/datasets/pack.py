"""Files of decoded images: records one behind another, and at the end where each begins.

A pack is written under another name and gets its own when it is complete, so nobody ever sees a
part of one. Records are read by `preadv` straight into given memory: the page cache holds them as
it would hold a mapped file, without a page fault for each page, and a file that somebody shortens
is an error instead of a signal that ends the process.
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from fairness.arrays import Array, IntArray
from fairness.datasets.inflate import crc32

SUFFIX, PART = ".pack", ".part"

RECORD = np.dtype([("key", "S32"), ("offset", "<i8"), ("size", "<i8"), ("sum", "<i8")])
"""One row of the index of a pack: what is stored, where, how many bytes, and its checksum."""

_MARK = b"fair-audit images 1\n"


class Pack:
    """A complete pack, open for reading; nothing in it is believed but by its checksum."""

    def __init__(self, path: Path) -> None:
        """Read its index.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no complete pack.
        """
        self.path = path
        self.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.size = os.fstat(self.file).st_size
            tail = os.pread(self.file, len(_MARK) + 16, max(0, self.size - len(_MARK) - 16))
            length, crc = np.frombuffer(tail[:16], "<i8").tolist()
            start = self.size - len(tail) - length
            if tail[16:] != _MARK or length < 0 or start < 0 or length % RECORD.itemsize:
                raise ValueError("no complete pack")
            index = os.pread(self.file, length, start)
            if crc32(index) != crc:
                raise ValueError("another checksum")
            self.records = np.frombuffer(index, RECORD)
        except BaseException:  # whatever it was, nobody else closes the file
            self.close()
            raise

    def read(self, record: "np.void", parts: Sequence[Array]) -> bool:
        """Read a record into arrays, contiguous, one behind another; whether it is whole."""
        size = sum(part.nbytes for part in parts)
        if size != record["size"]:
            return False
        try:
            got = os.preadv(self.file, [part.data for part in parts], int(record["offset"]))
        except (OSError, OverflowError):
            return False
        return got == size and checksum(parts) == record["sum"]

    def close(self) -> None:
        """Close its file."""
        os.close(self.file)


class PackWriter:
    """A pack being written, which a lock protects from those who remove what was left behind."""

    def __init__(self, folder: Path, name: str) -> None:
        """Begin one. Raises OSError."""
        self._part, self.path = folder / f"{name}{PART}", folder / f"{name}{SUFFIX}"
        self._file = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._records: list[tuple[bytes, int, int, int]] = []
        self.size = 0

    def append(self, key: bytes, parts: Sequence[Array], crc: int) -> None:
        """Write one record with its checksum. Raises OSError, on a full disk."""
        size = sum(part.nbytes for part in parts)
        written = os.pwritev(self._file, [part.data for part in parts], self.size)
        if written != size:
            raise OSError(f"wrote {written} of {size} bytes")
        self._records.append((key, self.size, size, crc))
        self.size += -(-size // 64) * 64

    def publish(self) -> None:
        """Write the index, and give the pack its name. Raises OSError."""
        index = np.array(self._records, RECORD).tobytes()
        tail = np.array([len(index), crc32(index)], "<i8").tobytes() + _MARK
        if os.pwrite(self._file, index + tail, self.size) != len(index) + len(tail):
            raise OSError("wrote part of an index")
        self._part.rename(self.path)
        os.close(self._file)

    def discard(self) -> None:
        """Remove what was written."""
        os.close(self._file)
        with suppress(OSError):
            self._part.unlink()


def remove_parts(folder: Path) -> None:
    """Remove unfinished packs that nobody writes any more."""
    for path in folder.glob(f"*{PART}"):
        with suppress(OSError):
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(file)


def checksum(parts: Sequence[Array]) -> int:
    """CRC-32 over the sums of every 4 KiB as 64-bit words, and over the bytes that are left.

    A sixth of the time of CRC-32 over all bytes. It notices what disks and killed processes do: any
    flipped bit, and pages of zeros, of other content or in another place.
    """
    crc = 0
    for part in parts:
        content = part.reshape(-1).view(np.uint8)
        whole = content.size // 8 * 8
        words = content[:whole].view(np.uint64)
        sums = np.add.reduceat(words, _starts(words.size)) if words.size else words
        crc = crc32(content[whole:].tobytes(), crc32(sums.tobytes(), crc))
    return crc


@lru_cache(maxsize=64)
def _starts(words: int) -> IntArray:
    return np.arange(0, words, 512)
