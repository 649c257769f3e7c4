"""Where an array lies in its npz file, and reading it from there straight into given memory.

A shortcut past `npz.py` for images that were measured when their split was opened. It never says
what is wrong with a file: on any doubt it gives up, and the careful way finds the words.
"""

import os
import struct
import zipfile
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple
from zlib import MAX_WBITS

import numpy as np

from fairness.arrays import Array
from fairness.datasets.inflate import InflateError, crc32, decompressobj
from fairness.datasets.npy_header import MAX_HEADER, parse_order

_LOCAL = struct.Struct("<4s22sHH")
"""Before each member: its mark, what the directory also says, lengths of its name and of extras."""


class Place(NamedTuple):
    """An array of an npz file that `read_place` can read; `offset` etc. are in bytes."""

    offset: int
    """Of the packed bytes in the file."""
    packed: int
    """Bytes that it takes in the file."""
    size: int
    """Bytes of the npy file once unpacked: header and numbers."""
    crc: int
    """CRC-32 of these."""
    is_deflated: bool
    """Or else stored as it is."""
    type: str
    """Of its numbers, as numpy writes it: `|u1`."""
    whole: int
    """Bytes of the whole npz file; one of another size has changed, or is truncated."""


def find_place(file: int, member: zipfile.ZipInfo, kind: np.dtype[np.generic]) -> Place | None:
    """Where a member lies; None where anything about it is unusual.

    Args:
        file: descriptor of the npz file.
        member: as zipfile found it, and opened it once without complaint.
        kind: type of its numbers, by its header.
    """
    is_deflated = member.compress_type == zipfile.ZIP_DEFLATED
    if member.flag_bits & 0x61 or not (is_deflated or member.compress_type == zipfile.ZIP_STORED):
        return None
    if member.compress_size > member.file_size + member.file_size // 8 + 64:
        return None
    try:
        whole = os.fstat(file).st_size
        local = os.pread(file, _LOCAL.size, member.header_offset)
        mark, _, name, extra = _LOCAL.unpack(local)
    except (OSError, struct.error):
        return None
    if mark != b"PK\x03\x04" or not (is_deflated or member.compress_size == member.file_size):
        return None
    offset = member.header_offset + _LOCAL.size + name + extra
    sizes = (member.compress_size, member.file_size)
    return Place(offset, *sizes, member.CRC, is_deflated, kind.str, whole)


def read_place(path: str, place: Place, out: Array) -> bool:
    """Read the array into `out`, contiguous and of its shape and type; whether that worked.

    Where it is False, `out` may hold anything.
    """
    start = place.size - out.nbytes
    if not 0 < start <= MAX_HEADER:
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.fstat(file).st_size != place.whole or place.packed > place.whole:
                return False
            read = _inflated if place.is_deflated else _stored
            head = read(file, place, start, out)
        finally:
            os.close(file)
    except (OSError, ValueError, TypeError, OverflowError, InflateError):
        return False
    if head is None or _described(head) != (out.shape, out.dtype.str):
        return False
    return crc32(out.data, crc32(head)) == place.crc


def _stored(file: int, place: Place, start: int, out: Array) -> bytes | None:
    """The header, with the numbers in `out`."""
    head = bytearray(start)
    got = os.preadv(file, [head, out.data], place.offset)
    return bytes(head) if got == place.size else None


def _inflated(file: int, place: Place, start: int, out: Array) -> bytes | None:
    raw = os.pread(file, place.packed, place.offset)
    inflater = decompressobj(-MAX_WBITS)
    content = inflater.decompress(raw, place.size + 1)
    if len(content) != place.size or not inflater.eof:
        return None
    out[...] = np.frombuffer(content, out.dtype, offset=start).reshape(out.shape)
    return content[:start]


@lru_cache(maxsize=256)
def _described(head: bytes) -> tuple[tuple[int, ...], str] | None:
    """Shape and type that an npy header gives; None where it is none, or not in C order.

    Cached by the bytes: images of a data set have the same header.
    """
    file = BytesIO(head)
    try:
        shape, is_fortran, kind = parse_order(file)
    except Exception:  # numpy raises almost anything; the careful way says what is wrong
        return None
    if is_fortran or kind.hasobject or file.tell() != len(head):
        return None
    return shape, str(kind.str)
