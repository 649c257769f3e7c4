"""Reads the array of an npy file, or one array of an npz file: never a pickle."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

from fairness.arrays import Array
from fairness.datasets.npy_header import MAX_HEADER, Header, parse_header
from fairness.datasets.npz import SKIP, Npz, is_too_large
from fairness.errors import DataError

ENDINGS = (".npy", ".npz")


def stored_header(path: Path, key: str | None) -> Header:
    """Shape and dtype that the array of a file claims; its numbers are not read.

    Args:
        path: an npy or npz file.
        key: of an npz file with several arrays.

    Raises:
        DataError: there is no such file or array, or it holds objects.
    """
    if path.suffix.lower() == ".npz":
        with Npz(path) as npz:
            return npz.header(only_key(npz, key))
    with _naming_faults(path), path.open("rb") as file:
        shape, dtype = parse_header(BytesIO(file.read(MAX_HEADER)))
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which are never loaded")
        return shape, dtype


def stored_array(path: Path, key: str | None) -> Array:
    """The array of a file; arguments and errors of `stored_header`.

    Raises:
        DataError: it is truncated, or claims more numbers than any image has pixels.
    """
    if path.suffix.lower() == ".npz":
        with Npz(path) as npz:
            return npz.array(only_key(npz, key))
    shape, dtype = stored_header(path, key)
    if is_too_large(shape, dtype):
        raise DataError(f"{path}: claims {dtype} of shape {shape}, more than any image has; {SKIP}")
    with _naming_faults(path), path.open("rb") as file:
        # numpy's own annotation is missing.
        array: Array = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
        return array


def only_key(npz: Npz, key: str | None) -> str:
    """The key that was named, or the only one that there is.

    Raises:
        DataError: it is not there, or there are several and none is named.
    """
    if key is not None:
        return npz.require(key)
    names = npz.keys()
    if len(names) == 1:
        return names[0]
    raise DataError(
        f"{npz.path}: holds {len(names)} arrays ({', '.join(names[:20])}); name the one to read "
        "with --image-key, and that of a mask with --mask-key"
    )


@contextmanager
def _naming_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; fetch it, or use --on-error skip") from None
    except Exception as error:  # numpy raises almost anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{path}: truncated or corrupt npy ({reason}); fetch it again, or {SKIP}"
        ) from None
