"""Sends a batch in parts where the server receives no larger ones, and remembers how large.

Batches stay as they are: they are cut only on the wire, so that a continued run has the same.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

from audit.client.failures import TooLargeError
from audit.client.transport import Request, Transport
from audit.client.wire import Output
from fairness.errors import ServerError

Outputs = list[Output]


@dataclass
class Whole:
    """A request of which some rows are answered."""

    request: Request
    future: "Future[Outputs]"
    answers: list[tuple[int, Outputs]] = field(default_factory=list)
    """Of each part, with its number of rows."""
    start: int = 0
    """Rows answered by now."""
    rows: int = 0
    """Rows under way."""
    refused: bool = False
    """Whether a part was refused for its size."""
    call: "Future[Outputs] | None" = None


@dataclass
class PartsTransport:
    """A `Transport` that halves a batch until the server takes it; part follows part.

    Parts have a power of two of rows, so that it does not matter which batch is refused first.
    """

    inner: Transport
    tell: Callable[[str], None]
    """Is told once, in a line, when the server first took a smaller one."""
    most_rows: int | None = None
    """None until a batch was refused for its size."""
    taker: str = ""
    """Who refused one."""
    told: bool = False
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> "Future[Outputs]":
        """Send a request; arguments and errors as `Transport`."""
        whole = Whole(request, Future())
        self._send_next(whole)
        whole.future.add_done_callback(lambda done: _cancel(whole) if done.cancelled() else None)
        return whole.future

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        return self.inner.count(model, version)

    def renewed(self) -> None:
        """As `Transport`."""
        self.inner.renewed()

    def _send_next(self, whole: Whole) -> None:
        left = whole.request.rows - whole.start
        whole.rows = min(left, self.most_rows or left)
        part = whole.request
        if whole.rows < part.rows:
            part = part.part(whole.start, whole.start + whole.rows)
        whole.call = self.inner.send(part)
        whole.call.add_done_callback(partial(self._arrived, whole))

    def _arrived(self, whole: Whole, call: "Future[Outputs]") -> None:
        if whole.future.cancelled() or call.cancelled():
            whole.future.cancel()
            return
        try:
            self._take(whole, call)
        except Exception as error:  # it belongs to whoever waits, not to the thread of the channel
            if whole.future.set_running_or_notify_cancel():
                whole.future.set_exception(error)

    def _take(self, whole: Whole, call: "Future[Outputs]") -> None:
        try:
            answer = call.result()
        except TooLargeError as error:
            if whole.rows == 1:
                raise
            whole.refused = True
            with self._lock:
                self.taker = error.taker
                smaller = 1 << ((whole.rows - 1).bit_length() - 1)  # the next power of two
                self.most_rows = min(self.most_rows or smaller, smaller)
            self._send_next(whole)
            return
        if whole.refused:
            self._tell_once(whole)
        whole.answers.append((whole.rows, answer))
        whole.start += whole.rows
        if whole.start < whole.request.rows:
            self._send_next(whole)
            return
        found = joined(whole)
        if whole.future.set_running_or_notify_cancel():
            whole.future.set_result(found)

    def _tell_once(self, whole: Whole) -> None:
        with self._lock:
            first, self.told = not self.told, True
        if first:
            self.tell(
                f"whole batches are more than {self.taker} takes; they are sent in parts of "
                f"{whole.rows} images"
            )


def _cancel(whole: Whole) -> None:
    if whole.call is not None:
        whole.call.cancel()


def joined(whole: Whole) -> Outputs:
    """The output that was asked for, its parts one after another.

    Raises:
        ServerError: a part lacks it, has another type or shape, or not a row for each image.
    """
    if len(whole.answers) == 1:
        return whole.answers[0][1]
    name, parts = whole.request.output, []
    for rows, outputs in whole.answers:
        found = [output for output in outputs if output.name == name]
        if not found or found[0].shape[:1] != (rows,):
            shape = list(found[0].shape[:9]) if found else "nothing"
            raise ServerError(
                f"model '{whole.request.model}' answered {shape} as '{name}' for {rows} images, "
                "a part of a batch; a row for each image is needed, see its code"
            )
        parts.append(found[0])
    kinds = {(part.datatype, part.shape[1:]) for part in parts}
    if len(kinds) > 1:
        raise ServerError(
            f"model '{whole.request.model}' answered the parts of a batch with different types or "
            f"shapes of '{name}'; see its code"
        )
    ((datatype, rest),) = kinds
    content = b"".join(part.raw for part in parts)
    return [Output(name, datatype, (whole.request.rows, *rest), content)]
