"""A closed loop: so many requests are with the server, and each answer makes room for the next."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import cycle
from queue import Empty, Queue

from audit.bench.rules import Rules
from audit.client.delivery import ServerTimes
from audit.client.transport import Request, Transport
from audit.client.wire import Output
from fairness.errors import ServerError

GRACE = 10.0
"""Seconds beyond its own time-out after which a request that gave no sign counts as lost."""


@dataclass(frozen=True)
class Window:
    """What was answered in one stretch of time; seconds."""

    seconds: float
    latencies: tuple[float, ...]
    """Of each answer, from the moment before it was sent until it was read."""
    send: float
    """Of all requests: our own work until they were handed over."""
    receive: float
    """Of all answers: our own work to read their numbers."""
    images: int
    server: ServerTimes | None
    """What the server counted meanwhile, of us and of everybody else."""

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds

    @property
    def latency(self) -> float:
        """Mean."""
        return sum(self.latencies) / len(self.latencies)


@dataclass
class Call:
    """A request that is with the server."""

    future: "Future[list[Output]]"
    began: float
    sent: float
    """Seconds of our own work."""
    answered: float = 0.0


@dataclass
class Load:
    """So many requests that are always with the server."""

    transport: Transport
    requests: Sequence[Request]
    """Sent in turn, again and again; all of one size."""
    in_flight: int
    read: Callable[[list[Output]], object]
    """Reads the numbers of an answer, and raises where it is none."""
    server_times: Callable[[], ServerTimes | None]
    arrivals: "Queue[Call]" = field(default_factory=Queue)
    under_way: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._next = cycle(self.requests)

    def start(self, rules: Rules) -> None:
        """Fill the window, and let the first answers pass unmeasured."""
        for _ in range(self.in_flight):
            self._send()
        for _ in range(max(self.in_flight, rules.warmup_request_count)):
            self._answer()
            self._send()

    def window(self, rules: Rules) -> Window:
        """One window.

        Raises:
            ServerError: a request failed, or nothing came back in time.
        """
        before, began = self.server_times(), time.perf_counter()
        latencies: list[float] = []
        send = receive = 0.0
        while not rules.ends(time.perf_counter() - began, len(latencies)):
            call, read = self._answer()
            latencies.append(call.answered - call.began + read)
            send, receive = send + call.sent, receive + read
            self._send()
        seconds, after = time.perf_counter() - began, self.server_times()
        return Window(
            seconds=seconds,
            latencies=tuple(latencies),
            send=send,
            receive=receive,
            images=len(latencies) * self.requests[0].rows,
            server=after.since(before) if after is not None and before is not None else None,
        )

    def stop(self) -> None:
        """Leave no work behind on the server."""
        for call in self.under_way:
            call.future.cancel()

    def _send(self) -> None:
        request, began = next(self._next), time.perf_counter()
        future = self.transport.send(request)
        call = Call(future, began, time.perf_counter() - began)
        self.under_way.append(call)

        def answered(_: "Future[list[Output]]") -> None:
            call.answered = time.perf_counter()
            self.arrivals.put(call)

        future.add_done_callback(answered)

    def _answer(self) -> tuple[Call, float]:
        """One answer, and the seconds that it took to read it."""
        timeout = self.requests[0].timeout
        try:
            call = self.arrivals.get(timeout=timeout + GRACE)
        except Empty:
            raise ServerError(
                f"the server fell silent: no answer in {timeout:g} s; see its log"
            ) from None
        self.under_way.remove(call)
        began = time.perf_counter()
        self.read(call.future.result())
        return call, time.perf_counter() - began
