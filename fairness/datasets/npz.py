"""Reads single arrays of an npz file: never a pickle, never more than was asked for.

An npz is a zip of npy files, so the scalars of a sample can be read without touching its image, and
the zip's directory already holds a checksum of every array. Whatever a file claims, an array is
measured by its header before its numbers are unpacked.
"""

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from fairness.arrays import Array
from fairness.datasets.npy_header import MAX_HEADER, Header, parse_header
from fairness.datasets.picture import MAX_PIXELS
from fairness.datasets.place import Place, find_place
from fairness.errors import DataError

MAX_SCALAR = 1 << 20
"""Bytes of the largest number or text that is read."""

LISTED = 30
"""Names of arrays that a message lists, at the most."""

CACHED = 512
"""Bytes of the largest scalar that is kept, such as a group code."""

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that numpy writes; of others, a few bytes may unpack into gigabytes in one step."""

Scalar = int | float | bool | str

SKIP = "go on without the file by --on-error skip"


class Npz:
    """An open npz file; use it in a `with` block.

    Raises:
        DataError: by every method and by opening, when the file is missing, truncated or corrupt.
    """

    def __init__(self, path: Path, advice: str = SKIP) -> None:
        """Args: the file; what a message advises where it is broken."""
        self.path, self._advice = path, advice
        with self._naming_faults():
            self._zip = zipfile.ZipFile(path)
        self._members = {i.filename.removesuffix(".npy"): i for i in self._zip.infolist()}
        self._headers: dict[str, tuple[tuple[int, ...], np.dtype[Any], int]] = {}

    def __enter__(self) -> "Npz":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def keys(self) -> list[str]:
        """Names of all arrays, sorted."""
        return sorted(self._members)

    def checksums(self) -> list[str]:
        """Name, CRC-32 and size in bytes of every array, sorted; reads none of them."""
        return [f"{k} {m.CRC:08x} {m.file_size}" for k, m in sorted(self._members.items())]

    def array(self, key: str) -> Array:
        """The array of that name, checked against its checksum.

        Raises:
            DataError: it holds objects, or more numbers than any image has pixels.
        """
        shape, dtype, start = self._measured(key)
        if is_too_large(shape, dtype):
            raise DataError(
                f"{self.path}: '{key}' claims {dtype} of shape {shape}, more than any image has; "
                f"{self._advice}"
            )
        with self._opened(key, start + math.prod(shape) * dtype.itemsize) as file:
            # numpy's own annotation is missing.
            array: Array = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
            return array

    def header(self, key: str) -> Header:
        """Shape and dtype that the array of that name claims; reads its header only.

        Raises:
            DataError: it holds objects.
        """
        return self._measured(key)[:2]

    def place(self, key: str) -> Place | None:
        """Where the array of that name lies, to be read from there later; None if it is unusual.

        Raises:
            DataError: as `header`.
        """
        shape, dtype, start = self._measured(key)
        is_whole = self._members[key].file_size == start + math.prod(shape) * dtype.itemsize
        is_plain = is_whole and 0 not in shape and not is_too_large(shape, dtype)
        if not is_plain or self._zip.fp is None:
            return None
        return find_place(self._zip.fp.fileno(), self._members[key], dtype)

    def scalar(self, key: str) -> Scalar:
        """The only element of the array of that name: a number or a text; NaN, but not infinite.

        Raises:
            DataError: it is anything else.
        """
        with self._opened(key, MAX_SCALAR) as file:
            raw = file.read(self._size(key))
            value = (_parse_scalar if len(raw) <= CACHED else _parse_scalar.__wrapped__)(raw)
        if isinstance(value, np.dtype):
            raise self._holds_objects(key)
        if not isinstance(value, Scalar):
            raise DataError(
                f"{self.path}: '{key}' is neither a number nor a text; store it as one, or "
                f"{self._advice}"
            )
        if isinstance(value, float) and math.isinf(value):
            raise DataError(
                f"{self.path}: '{key}' is infinite; store a number, or NaN where it is unknown, or "
                f"{self._advice}"
            )
        if isinstance(value, str) and not is_unicode(value):
            raise DataError(
                f"{self.path}: '{key}' is a text with code points that are no characters; store it "
                f"as Unicode, or {self._advice}"
            )
        return value

    def require(self, *keys: str) -> str:
        """The first of these names that is there; refuses a file without any. Reads nothing."""
        for key in keys:
            if key in self._members:
                return key
        names = "' or '".join(keys)
        found = ", ".join(sorted(self._members)[:LISTED]) or "nothing"
        raise DataError(
            f"{self.path}: no array '{names}'; it holds {found}; name a key that is there, or "
            f"{self._advice}"
        )

    def _size(self, key: str) -> int:
        return self._members[self.require(key)].file_size

    def _measured(self, key: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
        """Shape, dtype and the number of bytes before the first number."""
        if key in self._headers:
            return self._headers[key]
        with self._opened(key) as file:
            head = BytesIO(file.read(min(MAX_HEADER, self._size(key))))
            shape, dtype = parse_header(head)
        if dtype.hasobject:
            raise self._holds_objects(key)
        self._headers[key] = shape, dtype, head.tell()
        return self._headers[key]

    @contextmanager
    def _opened(self, key: str, most: int | None = None) -> Iterator[IO[bytes]]:
        """A member of up to `most` bytes, to be read a number of bytes at a time.

        Without a number, Python unpacks all that there is before it looks at the size.
        """
        size, member = self._size(key), self._members[key]
        if most is not None and size > most:
            raise DataError(
                f"{self.path}: '{key}' claims to hold {size} bytes, where {most} are the most that "
                f"can be; {self._advice}"
            )
        if member.compress_type not in COMPRESSIONS:
            raise DataError(
                f"{self.path}: '{key}' is compressed in a way that numpy never writes; save it by "
                f"numpy.savez_compressed, or {self._advice}"
            )
        with self._naming_faults(key), self._zip.open(member) as file:
            yield file

    def _holds_objects(self, key: str) -> DataError:
        return DataError(
            f"{self.path}: '{key}' is an array of Python objects, which needs pickle, and that may "
            f"run anything; write it as numbers or as one text, or {self._advice}"
        )

    @contextmanager
    def _naming_faults(self, key: str = "") -> Iterator[None]:
        """Turn errors of zipfile and numpy, which raise almost anything, into ours."""
        try:
            yield
        except FileNotFoundError:
            raise DataError(f"{self.path}: no such file; fetch it, or {self._advice}") from None
        except Exception as error:  # zipfile and numpy raise almost anything
            where = f" ('{key}')" if key else ""
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise DataError(
                f"{self.path}{where}: truncated or corrupt npz ({reason}); fetch it again, or "
                f"{self._advice}"
            ) from None


def is_too_large(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array claims more numbers, or bytes, than any image has."""
    return math.prod(shape) > MAX_PIXELS or math.prod(shape) * dtype.itemsize > 8 * MAX_PIXELS


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: it has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=4096)
def _parse_scalar(raw: bytes) -> object:
    """The only element, the dtype of objects, or None for anything else.

    Cached by the bytes: group codes repeat, and parsing an npy header is slow.
    """
    shape, dtype = parse_header(BytesIO(raw))
    if dtype.hasobject:
        return dtype
    # Dates become numbers or texts by their unit, so that no reader could tell what they are.
    if math.prod(shape) != 1 or dtype.kind not in "biufU":
        return None
    # numpy's own annotation is missing.
    return np.lib.format.read_array(BytesIO(raw), allow_pickle=False).item()  # type: ignore[no-untyped-call]
