"""The server of an audit's flags, or the file that answers in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.client.endpoint import connect
from audit.client.onnx_file import onnx_file
from audit.client.transport import DESCRIPTION_BYTES, Server
from audit.options import Options


@contextmanager
def reached(
    options: Options, onnx: Path | None, most_bytes: int = DESCRIPTION_BYTES
) -> Iterator[Server]:
    """The server of the flags, or a file in its place.

    Args:
        options: of an audit.
        onnx: the file, if one answers.
        most_bytes: that an answer of a server may have.

    Raises:
        UsageError, DataError, ServerError: as `connect`, or as `onnx_file`.
    """
    if onnx is not None:
        yield onnx_file(onnx, described=options.spec is not None)
        return
    with connect(options.connection, most_bytes) as server:
        yield server
