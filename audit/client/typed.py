"""Numbers that a server sends one by one, in the place of raw bytes."""

from typing import Any

import numpy as np

from audit.client.wire import DTYPES
from fairness.errors import ServerError

FIELDS = {
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
}
"""Where gRPC holds the numbers of a type; it has no place for those of FP16."""


def bytes_of_numbers(output: Any, model: str) -> bytes:
    """The bytes of an output of a gRPC answer without raw bytes.

    Raises:
        ServerError: its type has no numbers, or one of them does not fit it.
    """
    field = FIELDS.get(output.datatype)
    if field is None:
        raise ServerError(
            f"model '{model}': output '{output.name[:100]}' came without raw bytes, and "
            f"{output.datatype[:20]} has no other form; serve it with FP32"
        )
    return packed(list(getattr(output.contents, field)), output.datatype, output.name, model)


def packed(numbers: list[Any], datatype: str, name: str, model: str) -> bytes:
    """Numbers as the bytes of a tensor of that type.

    Raises:
        ServerError: one of them is none of the type's.
    """
    dtype = DTYPES[datatype]
    if dtype.kind == "f":
        if all(type(one) in (int, float) for one in numbers):
            with np.errstate(over="ignore"):
                return np.array(numbers, np.float64).astype(dtype).tobytes()
    else:
        limits = np.iinfo(dtype)
        if all(type(one) is int and limits.min <= one <= limits.max for one in numbers):
            return np.array(numbers, dtype).tobytes()
    raise ServerError(
        f"model '{model}': output '{name[:100]}' holds what is no {datatype}; see its code"
    )
