"""The header of an npy file: shape, order and type of the numbers behind it."""

from io import BytesIO
from typing import Any, TypeAlias

import numpy as np

MAX_HEADER = 4096
"""Bytes within which the header of an npy file must end; numpy's own have 128."""

Header: TypeAlias = tuple[tuple[int, ...], np.dtype[Any]]


def parse_header(file: BytesIO) -> Header:
    """Shape and dtype that an npy file claims; leaves `file` at its first number.

    Raises:
        Exception: of many kinds, by numpy, where it is none.
    """
    shape, _, dtype = parse_order(file)
    return shape, dtype


def parse_order(file: BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """As `parse_header`, with whether the numbers are in the order of Fortran."""
    # numpy's own annotations are missing.
    first = np.lib.format.read_magic(file) == (1, 0)  # type: ignore[no-untyped-call]
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read(file)  # type: ignore[no-untyped-call]
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {shape}")
    return shape, is_fortran, dtype
