"""Requests whose large tensors the server reads, and writes, in memory that it shares with us.

What lies in a slot by now is named, not sent; other large tensors are copied into a slot where one
is free; small ones, and whatever finds no slot, go as bytes.
"""

import math
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any

from audit.client.cuda_memory import CudaRegion
from audit.client.failures import LostRegionError, server_errors
from audit.client.grpc_server import GrpcServer, head_of, outputs_of
from audit.client.raw_request import RawRequest, raw_request
from audit.client.registration import register
from audit.client.ring import Ring
from audit.client.shared_memory import Region
from audit.client.transport import Request
from audit.client.wire import DTYPES, MOST_AXES, Output
from fairness.arrays import Array

SMALL = 2**15
"""Bytes of a tensor that is sent as it is: a slot would not pay."""

UNWRITTEN = 0xFF
"""Fills the memory of an answer beforehand: no class and no number is made of such bytes, so an
answer that the server did not write is not taken for an earlier one."""

REGION, OFFSET, SIZE = (f"shared_memory_{what}" for what in ("region", "offset", "byte_size"))
"""Parameters of a tensor that lies in shared memory."""

Outputs = list[Output]


@dataclass
class Placed:
    """A request whose tensors have found their places."""

    message: RawRequest
    copies: list[Array] = field(default_factory=list)
    """Slots that tensors were copied into."""
    answer: Array | None = None
    """The slot that the answer comes into."""


@dataclass
class SharedTransport:
    """A `Transport` to a server that has mapped our region."""

    inner: GrpcServer
    region: Region | CudaRegion
    inputs: Ring
    """For tensors that lie elsewhere."""
    answers: Ring | None
    """For large answers."""
    registered: int = 0
    """How often the server was told of the region: again after each of its restarts."""
    lost: list[Array] = field(default_factory=list)
    """Slots into which an answer that nobody waits for may still be written."""
    kind: str = "shared memory"
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> "Future[Outputs]":
        """Send a request; arguments and errors as `Transport`."""
        placed, future = self._placed(request), Future[Outputs]()
        calls: list[Future[Outputs]] = []
        future.add_done_callback(partial(self._free, placed, calls))
        self._attempt(request, placed, future, calls)
        return future

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        return self.inner.count(model, version)

    def renewed(self) -> None:
        """As `Transport`: a server that began anew knows nothing of the region."""
        self.register()

    def register(self) -> None:
        """Tell the server of the region; one that knows it by now, does.

        Raises:
            ServerError: it cannot map it, or does not let us.
        """
        with server_errors(self.inner.connection):
            anew = register(self.inner.client, self.region)
        self.registered += 1
        if anew and self.answers is not None:  # no process is left that could write into them
            while self.lost:
                self.answers.give_back(self.lost.pop())

    def _register_again(self, known: int) -> None:
        """Once for all requests that were sent when the server had been told `known` times."""
        with self._lock:
            if self.registered == known:
                self.register()

    def _attempt(
        self,
        request: Request,
        placed: Placed,
        future: "Future[Outputs]",
        calls: "list[Future[Outputs]]",
    ) -> None:
        known = self.registered
        call = self.inner.sent(request, placed.message, partial(self._read, request, placed))
        calls.append(call)

        def arrived(done: "Future[Outputs]") -> None:
            if done.cancelled():
                future.cancel()
                return
            try:
                found = done.result()
            except LostRegionError as error:
                if len(calls) > 1:
                    _fail(future, error)
                    return
                try:
                    self._register_again(known)
                    self._attempt(request, placed, future, calls)
                except Exception as fault:  # it belongs to whoever waits, not to gRPC's thread
                    _fail(future, fault)
            except Exception as error:  # the same
                _fail(future, error)
            else:
                if future.set_running_or_notify_cancel():
                    future.set_result(found)

        call.add_done_callback(arrived)

    def _placed(self, request: Request) -> Placed:
        """Find a place for each tensor, and for the answer."""
        head, placed = head_of(request), Placed(())
        sent: list[Array] = []
        for described, array in zip(head.inputs, request.inputs.values(), strict=True):
            lying = self._lying(array, placed)
            if lying is None:
                sent.append(array)
            else:
                self._point(described, lying, array.nbytes)
        if self.answers is not None and (slot := self.answers.take_free()) is not None:
            slot[:] = UNWRITTEN
            placed.answer = slot
            self._point(head.outputs[0], slot, len(slot))
        placed.message = raw_request(head, sent)
        return placed

    def _lying(self, array: Array, placed: Placed) -> Array | None:
        """The tensor in the region, copied there if need be; None where it goes as bytes."""
        if array.nbytes < SMALL or self.region.place_of(array) is not None:
            return array if array.nbytes >= SMALL else None
        if array.nbytes > self.inputs.size:
            return None
        slot = self.inputs.take_free()
        if slot is None:
            return None
        placed.copies.append(slot)
        self.region.write(slot, array)
        return slot

    def _point(self, described: Any, lying: Array, size: int) -> None:
        """Say in the place of a tensor where it lies."""
        described.parameters[REGION].string_param = self.region.name
        described.parameters[OFFSET].int64_param = self.region.place_of(lying) or 0
        described.parameters[SIZE].int64_param = size

    def _read(self, request: Request, placed: Placed, response: Any) -> Outputs:
        """The outputs of a response; one that came into its slot is copied out of it."""
        found = outputs_of(response, request, self.inner.seen)
        if placed.answer is None:
            return found
        return [one if one.raw else replace(one, raw=written(placed.answer, one)) for one in found]

    def _free(
        self, placed: Placed, calls: "list[Future[Outputs]]", done: "Future[Outputs]"
    ) -> None:
        for slot in placed.copies:
            self.inputs.give_back(slot)
        if done.cancelled():
            for call in calls:
                call.cancel()
        if placed.answer is not None and self.answers is not None:
            if done.cancelled() or done.exception() is not None:
                self.lost.append(placed.answer)
            else:
                self.answers.give_back(placed.answer)


def written(slot: Array, output: Output) -> bytes:
    """What a server wrote into a slot: as much as shape and type of the output say.

    Nothing, where it wrote nothing, or the output is larger than the slot.
    """
    dtype = DTYPES.get(output.datatype)
    if dtype is None or min(output.shape, default=0) < 0:
        return b""
    size = dtype.itemsize * math.prod(output.shape[: MOST_AXES + 1])
    content = slot[:size]
    if len(content) < size or (content == UNWRITTEN).all():
        return b""
    return content.tobytes()


def _fail(future: "Future[Outputs]", error: BaseException) -> None:
    with suppress(Exception):
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
