"""Tells the C library to keep the memory of messages and arrays, and to use it again.

By default glibc maps each block of more than 32 MB, often of more than 128 kB, anew and gives it
back when it is freed: every page of every message is then faulted in again, which costs up to a
third of the throughput and makes it differ from run to run.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of mallopt(3)."""

KEPT = 2**30
"""Bytes: smaller blocks are taken from the heap, and as many free ones stay there."""


def keep_memory() -> bool:
    """Tell it; whether it listened. Other C libraries than glibc have no such settings."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    answers = [library.mallopt(name, KEPT) for name in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD)]
    return answers == [1, 1]
