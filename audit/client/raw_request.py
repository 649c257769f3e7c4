"""An inference request as bytes: its small head by protobuf, its tensors joined behind by hand.

Through protobuf each tensor is copied three times before gRPC copies it once more; here once.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from fairness.arrays import Array

RAW_TAG = b"\x3a"
"""Of `raw_input_contents`: field 7, delimited by its length. It is the last field of a request, so
protobuf, too, writes it behind all others."""

RawRequest: TypeAlias = Sequence[bytes | memoryview]
"""Parts of a message, in order."""


def raw_request(head: Any, tensors: Sequence[Array]) -> RawRequest:
    """The parts of a message; `joined` makes one of them.

    Args:
        head: a ModelInferRequest with everything but raw contents.
        tensors: of any shape, in the order of the inputs that come as bytes.
    """
    parts: list[bytes | memoryview] = [head.SerializeToString()]
    for tensor in tensors:
        content = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data
        parts += [RAW_TAG + varint(len(content)), content]
    return parts


def joined(parts: RawRequest) -> bytes:
    """The message itself: what gRPC calls as the serializer of a request."""
    return b"".join(parts)


def varint(number: int) -> bytes:
    """A number from 0 on as protobuf writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
