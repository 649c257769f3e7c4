"""A region of system shared memory: made under its owner's name, and gone with its owner.

The name says which process made it, and the file stays locked while that process lives, so that a
later run can tell what a killed one left behind from what another still uses.
"""

import fcntl
import mmap
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fairness.arrays import Array
from fairness.errors import ServerError

FOLDER = Path("/dev/shm")
"""Where Linux keeps the regions that `shm_open` names."""

NAME = re.compile(r"fair-audit-(\d{1,10})-(\d{1,20})-[0-9a-f]{16}")
"""Process id and start of the owner, and a random word."""

SPARE = 2**24
"""Bytes that others find free beside a region of ours."""


class NoRegionError(ServerError):
    """There is no room, or no such memory; says why. Images then go as bytes."""


@dataclass(frozen=True)
class Region:
    """Memory that a server on this host may map, too."""

    name: str
    memory: Array
    """(size,) uint8."""
    descriptor: int
    """Of the file, locked as long as it is open."""

    @property
    def key(self) -> str:
        """As `shm_open` has it."""
        return f"/{self.name}"

    def place_of(self, array: Array) -> int | None:
        """Where an array lies in it, in bytes from its start; None for one that lies elsewhere."""
        return place_in(self.memory, array)

    def write(self, slot: Array, array: Array) -> None:
        """Copy an array to the beginning of a slot."""
        slot[: array.nbytes].view(array.dtype).reshape(array.shape)[...] = array

    def remove(self) -> None:
        """Take away its name. The memory goes when nobody holds it any more."""
        with suppress(FileNotFoundError):
            (FOLDER / self.name).unlink()
        os.close(self.descriptor)


def place_in(memory: Array, array: Array) -> int | None:
    """Bytes from the start of `memory` to an array in it; None where it lies elsewhere."""
    if not array.flags.c_contiguous:
        return None
    place = address_of(array) - address_of(memory)
    return place if place >= 0 and place + array.nbytes <= len(memory) else None


def address_of(array: Array) -> int:
    """Of its first byte."""
    return int(array.__array_interface__["data"][0])


def make_region(size: int) -> Region:
    """A region that nobody but this user can open.

    All of it is allocated now: a write into memory that is not there would kill the process.

    Raises:
        NoRegionError: this system has no such memory, or not so much of it.
    """
    name = f"fair-audit-{os.getpid()}-{started(os.getpid()) or 0}-{secrets.token_hex(8)}"
    try:
        room = os.statvfs(FOLDER)
        if room.f_bavail * room.f_frsize < size + SPARE:
            free = room.f_bavail * room.f_frsize >> 20
            raise NoRegionError(f"{FOLDER} has {free} MB free, {size >> 20} MB are needed")
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(FOLDER / name, flags, 0o600)
    except OSError as error:
        raise NoRegionError(f"{FOLDER}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.posix_fallocate(descriptor, 0, size)
        mapped = mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)
    except OSError as error:
        (FOLDER / name).unlink()
        os.close(descriptor)
        raise NoRegionError(f"{FOLDER}: {error.strerror}") from None
    return Region(name, np.frombuffer(mapped, np.uint8), descriptor)


def started(pid: int) -> int | None:
    """When a process started, in ticks since the machine did; None where there is none.

    A process id is given again; with this it belongs to one process.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[19])


def remove_leftovers() -> Iterator[str]:
    """Remove the regions of runs that were killed, and give their names.

    Only files that bear our name, whose process is gone, and that nobody has locked: a container
    may share the memory with us, but not the numbers of its processes.
    """
    for path in sorted(FOLDER.glob("fair-audit-*")):
        if not is_abandoned(path.name):
            continue
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # another user's, or gone by now
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        except OSError:  # locked by its owner, or gone by now
            continue
        finally:
            os.close(descriptor)
        yield path.name


def is_abandoned(name: str) -> bool:
    """Whether a name is one of ours, and the process that it names is gone."""
    found = NAME.fullmatch(name)
    return found is not None and started(int(found[1])) != int(found[2])
