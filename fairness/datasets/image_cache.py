"""Decoded images on disk, so that compressed files and pictures are decoded once.

Images are known by what they were made of and how (`Split.origin`), whatever their file is called
now. They are patients' images: their folder is nobody else's to read. What cannot be read or
written costs time and nothing else.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock
from types import TracebackType

import numpy as np

from fairness.arrays import Array
from fairness.datasets.pack import RECORD, SUFFIX, Pack, PackWriter, checksum, remove_parts
from fairness.datasets.reader import Split
from fairness.samples import Sample

NAME = "fair-audit-images"
"""Folder of the images, below the one that is named; nothing else there is touched."""

PACK_BYTES = 2**30
"""After which a pack is complete: so much at most is lost when a run is killed."""

MOST_PACKS = 256
"""That are kept open, for each is a file."""

SPARE_BYTES = 2**28
"""That are left free on the disk."""


class ImageCache:
    """A folder of decoded images; several threads may use it. Use it in a `with` block."""

    def __init__(self, folder: Path, most_bytes: int, tell: Callable[[str], None]) -> None:
        """Open or make it.

        Args:
            folder: below which it lies.
            most_bytes: of all its files; the packs that were used longest ago leave for new ones.
            tell: is told in a line where nothing more can be kept, and why.

        Raises:
            OSError: the folder cannot be made or read.
        """
        self._folder, self._most, self._tell = folder / NAME, most_bytes, tell
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        remove_parts(self._folder)
        self._lock = Lock()
        self._writer: PackWriter | None = None
        self._ended, self._begun = Event(), 0
        self._used: set[int] = set()
        self._own: set[Path] = set()
        self._packs = self._opened()
        places = [np.full(len(pack.records), i) for i, pack in enumerate(self._packs)]
        records = np.concatenate([np.zeros(0, RECORD), *(pack.records for pack in self._packs)])
        order = np.argsort(records["key"], kind="stable")
        self._records, self._keys = records[order], records["key"][order]
        self._pack_of = np.concatenate([np.zeros(0, np.int64), *places])[order]

    def _opened(self) -> list[Pack]:
        """All complete packs, those that were used last first."""
        found = []
        for path in self._by_use()[::-1][:MOST_PACKS]:
            try:
                found.append(Pack(path))
            except OSError:
                continue  # removed meanwhile, or not to be read now
            except ValueError:
                path.unlink(missing_ok=True)  # damaged; what it held is made anew
        return found

    def _by_use(self) -> list[Path]:
        """All packs, those that were used longest ago first."""
        found = []
        for path in self._folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def __enter__(self) -> "ImageCache":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what was written, and close all files."""
        with self._lock:
            self._publish()
            self._ended.set()
            for number, pack in enumerate(self._packs):
                if number in self._used:
                    with suppress(OSError):  # another run removed it, to make room
                        os.utime(pack.path)
                pack.close()

    def read(self, key: bytes, parts: Sequence[Array]) -> bool:
        """Read what is kept under a key into arrays; whether it is there, and whole."""
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            return False
        number = int(self._pack_of[at])
        if not self._packs[number].read(self._records[at], parts):
            return False
        self._used.add(number)
        return True

    def write(self, key: bytes, parts: Sequence[Array]) -> None:
        """Keep arrays under a key, if there is room for them."""
        if self._ended.is_set():
            return
        crc = checksum(parts)
        with self._lock:
            if self._ended.is_set():
                return
            try:
                self._make_room(sum(part.nbytes for part in parts))
                if self._writer is None:
                    name = f"{time.time_ns():020d}-{os.getpid()}-{self._begun}"
                    self._begun += 1
                    self._writer = PackWriter(self._folder, name)
                self._writer.append(key, parts, crc)
                if self._writer.size >= PACK_BYTES:
                    self._publish()
            except OSError as error:
                self._give_up(error.strerror or str(error))

    def _make_room(self, size: int) -> None:
        """Remove what was used longest ago, and not by this run. Raises OSError: there is none."""
        if self._writer is not None and self._writer.size % 2**24 >= size:
            return  # looked at for every 16 MB
        packs = self._by_use()
        sizes = [path.stat().st_size for path in packs]
        left, total = len(packs), sum(sizes) + (self._writer.size if self._writer else 0) + 2**24
        mine = self._own | {self._packs[number].path for number in self._used}
        for path, bytes_ in zip(packs, sizes, strict=True):
            if (total + size > self._most or left >= MOST_PACKS) and path not in mine:
                path.unlink(missing_ok=True)
                total, left = total - bytes_, left - 1
        if total + size > self._most:
            raise OSError(f"they fill the {self._most >> 20} MB that they may have")
        free = os.statvfs(self._folder)
        if free.f_bavail * free.f_frsize < SPARE_BYTES + 2**24:
            raise OSError("the disk is full")

    def _publish(self) -> None:
        if self._writer is None:
            return
        try:
            self._writer.publish()
            self._own.add(self._writer.path)
            self._writer = None
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _give_up(self, reason: str) -> None:
        """Keep no more; what is complete stays."""
        self._ended.set()
        if self._writer is not None:
            self._writer.discard()
            self._writer = None
        self._tell(f"{self._folder}: no more images are kept ({reason}); the rest is decoded anew")


def read_through(cache: ImageCache, split: Split, index: int, out: Array) -> Sample:
    """One sample with its image in `out`, from the cache where it is there; else it is kept.

    Raises:
        DataError: as `Split.read_into`.
    """
    key = split.origin(index)
    if key is None:
        return split.read_into(index, out)
    mask = np.empty(out.shape[:2], np.uint8) if split.labels is None else None
    parts = [out] if mask is None else [out, mask]
    if cache.read(key, parts):
        return split.sample(index, out, mask)
    sample = split.read_into(index, out)
    if mask is not None:
        parts[1] = np.ascontiguousarray(sample.target)
    cache.write(key, parts)
    return sample
