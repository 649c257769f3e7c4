"""One run writes into a folder at a time: a lock that the kernel lets go when its owner ends.

Whether it ended well or was killed. A file stays behind, in records/; alone it locks nothing.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.records.outcomes import private_folder
from fairness.atomic import PRIVATE
from fairness.errors import UsageError

LOCK = Path("records", "lock")
"""Holds the process id of the run that holds the lock, or of the last one that did."""


def check_unlocked(out: Path) -> None:
    """Refuse the folder of a run that another process is writing to; makes nothing.

    Raises:
        UsageError: there is one; names its process.
    """
    try:
        descriptor = os.open(out / LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return  # no run, or one that cannot be written to either
    try:
        _take(descriptor, out, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the lock of a run's folder inside the block.

    Raises:
        UsageError: another process holds it; names it.
    """
    private_folder(out / "records")
    descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, PRIVATE)
    try:
        _take(descriptor, out, fcntl.LOCK_EX)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, out: Path, kind: int) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        found = re.fullmatch(rb"(\d{1,10})\n", os.pread(descriptor, 20, 0))
        who = f"process {int(found[1])}" if found else "another process"
        raise UsageError(
            f"{out}: {who} is writing to this run; wait for its end, or choose another --out"
        ) from None
