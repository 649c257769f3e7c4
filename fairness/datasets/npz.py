"""Reads single arrays of an npz file: never a pickle, never more than was asked for.

An npz is a zip of npy files, so the scalars of a sample can be read without touching its image, and
the zip's directory already holds a checksum of every array.
"""

import struct
import zipfile
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array
from fairness.errors import DataError

MAX_BYTES = 1 << 30
"""Largest array that is read: a small file may claim to unpack into any size."""

MAX_HEADER = 4096
"""Bytes within which the header of an npy file must end; numpy's own have 128."""

Scalar = int | float | bool | str

_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # an encrypted member
    MemoryError,  # a header that claims an impossible shape
)


class Npz:
    """An open npz file; use it in a `with` block.

    Raises:
        DataError: by every method and by opening, when the file is missing, truncated or corrupt.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _FAULTS as error:
            raise self._fault(error) from None
        self._members = {i.filename.removesuffix(".npy"): i for i in self._zip.infolist()}

    def __enter__(self) -> "Npz":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def checksums(self) -> list[str]:
        """Name, CRC-32 and size in bytes of every array, sorted; reads none of them."""
        return [f"{k} {m.CRC:08x} {m.file_size}" for k, m in sorted(self._members.items())]

    def array(self, key: str) -> Array:
        """The array of that name, checked against its checksum."""
        raw = self._read(key)
        try:
            return _parse(raw)
        except _FAULTS as error:
            raise self._fault(error, key) from None

    def header(self, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and dtype that the array of that name claims; reads its header only."""
        self.require(key)
        try:
            with self._zip.open(self._members[key]) as file:
                return _parse_header(BytesIO(file.read(MAX_HEADER)))
        except _FAULTS as error:
            raise self._fault(error, key) from None

    def scalar(self, key: str) -> Scalar:
        """The only element of the array of that name: a number or a text."""
        raw = self._read(key)
        try:
            value = _parse_scalar(raw)
        except _FAULTS as error:
            raise self._fault(error, key) from None
        if not isinstance(value, Scalar):
            raise DataError(
                f"{self.path}: '{key}' is neither a number nor a text; store it as one, or go on "
                "without the file by --on-error skip"
            )
        return value

    def require(self, *keys: str) -> str:
        """The first of these names that is there; refuses a file without any. Reads nothing."""
        for key in keys:
            if key in self._members:
                return key
        names = "' or '".join(keys)
        found = ", ".join(sorted(self._members)) or "nothing"
        raise DataError(
            f"{self.path}: no array '{names}'; it holds {found}; name a key that is "
            "there, or go on without the file by --on-error skip"
        )

    def _read(self, key: str) -> bytes:
        self.require(key)
        member = self._members[key]
        if member.file_size > MAX_BYTES:
            raise DataError(
                f"{self.path}: '{key}' claims to hold {member.file_size} bytes, more than any "
                "image has; go on without the file by --on-error skip"
            )
        try:
            return self._zip.read(member)
        except _FAULTS as error:
            raise self._fault(error, key) from None

    def _fault(self, error: BaseException, key: str = "") -> DataError:
        where = f" ('{key}')" if key else ""
        if isinstance(error, FileNotFoundError):
            return DataError(f"{self.path}: no such file; fetch it, or use --on-error skip")
        reason = " ".join(str(error).split()) or type(error).__name__
        return DataError(
            f"{self.path}{where}: truncated or corrupt npz ({reason}); fetch it again, or go on "
            "without it by --on-error skip"
        )


def _parse(raw: bytes) -> Array:
    # numpy's own annotation is missing.
    array: Array = np.lib.format.read_array(BytesIO(raw), allow_pickle=False)  # type: ignore[no-untyped-call]
    return array


def _parse_header(file: BytesIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    # numpy's own annotations are missing.
    first = np.lib.format.read_magic(file) == (1, 0)  # type: ignore[no-untyped-call]
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)  # type: ignore[no-untyped-call]
    return shape, dtype


@lru_cache(maxsize=4096)
def _parse_scalar(raw: bytes) -> object:
    """Cached by the bytes: group codes repeat, and parsing an npy header is slow."""
    return _parse(raw).item()
