"""One HTTP call: bounded in time and in bytes, never redirected, ended from another thread."""

import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer

from audit.client.rest_address import Address

CHUNK = 2**20
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    header_bytes: int | None
    """Of the JSON in front of binary tensors; None where all is JSON."""


class CallError(Exception):
    """No reply came, or one that is not read; says why."""


class CallTimeoutError(CallError):
    """It took too long."""


@dataclass(eq=False)
class Call:
    """A call that has not ended yet."""

    address: Address
    timeout: float
    """Seconds, from the first to the last byte."""
    most_bytes: int
    """Of the body of the reply."""
    _why: str = ""
    _socket: socket.socket | None = None

    def reply(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request and read the reply.

        Raises:
            CallTimeoutError: it took too long.
            CallError: nobody is there, it is not HTTP, it is too large, or the call was ended.
        """
        timer = Timer(self.timeout, self.end, ["it took too long"])
        timer.daemon = True
        timer.start()
        where, context = (self.address.host, self.address.port), self.address.tls
        connection = (
            HTTPSConnection(*where, timeout=self.timeout, context=context)
            if context is not None
            else HTTPConnection(*where, timeout=self.timeout)
        )
        try:
            connection.connect()
            self._socket = connection.sock
            if self._why:
                raise CallError(self._why)
            told = {"Connection": "close", "Accept-Encoding": "identity"}
            told |= {**self.address.headers, **headers}
            connection.request(method, f"{self.address.prefix}/{path}", body or None, told)
            return self._read(connection)
        except (OSError, HTTPException, ValueError) as error:
            if isinstance(error, TimeoutError) or self._why.startswith("it took"):
                raise CallTimeoutError("it took too long") from None
            raise CallError(self._why or f"{type(error).__name__}: {error}") from error
        finally:
            timer.cancel()
            connection.close()

    def end(self, why: str = "the call was ended") -> None:
        """Make `reply` fail now, if it has not returned."""
        self._why = self._why or why
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # below TLS, if there is any

    def _read(self, connection: HTTPConnection) -> Reply:
        with closing(connection.getresponse()) as response:
            if response.getheader("Content-Encoding", "identity") != "identity":
                raise CallError("the reply is compressed, which nobody asked for")
            parts, total = [], 0
            while chunk := response.read(CHUNK):
                total += len(chunk)
                if total > self.most_bytes:
                    raise CallError(f"the reply is larger than {self.most_bytes} bytes")
                parts.append(chunk)
            if self._why or response.length:  # a socket that is shut down looks like an end
                raise OSError("the reply broke off")
            told = response.getheader("Inference-Header-Content-Length")
        if told is not None and not (told.isdecimal() and len(told) < 12 and int(told) <= total):
            raise CallError(f"its header of JSON has {told[:20]!r} of {total} bytes")
        return Reply(response.status, b"".join(parts), None if told is None else int(told))
