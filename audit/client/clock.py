"""Measures where the time of a run goes, from outside: around reading, sending, asking."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from threading import Lock

from audit.client.delivery import Delivery, ServerTimes, said_by, times_of
from audit.client.predictor import ServedPredictor
from audit.client.transport import Request, Transport
from audit.client.wire import Output
from fairness.errors import ServerError
from fairness.evaluate import Answers
from fairness.samples import Batch

PATIENCE = 1.0
"""Seconds within which the server must have counted what it has answered."""


@dataclass
class Clock:
    """The clock of one run of a `ServedPredictor`; `asking` is what is then asked."""

    predict: ServedPredictor
    read: float = 0.0
    send: float = 0.0
    asked: float = 0.0
    """Seconds inside the predictor: reading, sending, waiting."""
    started: float = field(default_factory=time.perf_counter)
    requests: int = 0
    images: int = 0
    batch: int = 0
    window: int = 0
    round_trip: float = 0.0
    before: ServerTimes | None = None
    _in_flight: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.before = self._server_times()

    def asking(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        """A `Predict`: that of the predictor, watched."""
        predict = replace(self.predict, transport=ClockedTransport(self.predict.transport, self))
        answers = predict(self._reading(batches))
        while True:
            began = time.perf_counter()
            try:
                one = next(answers)
            except StopIteration:
                return
            finally:
                self.asked += time.perf_counter() - began
            yield one

    def _reading(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        waiting = iter(batches)
        while True:
            began = time.perf_counter()
            try:
                batch = next(waiting)
            except StopIteration:
                return
            finally:
                self.read += time.perf_counter() - began
            yield batch

    def sent(self, request: Request, seconds: float) -> None:
        """A request left, after so many seconds of our own work."""
        with self._lock:
            self.send += seconds
            self.requests += 1
            self.images += request.rows
            self.batch = max(self.batch, request.rows)

    def leaves(self) -> None:
        """A request is about to leave."""
        with self._lock:
            self._in_flight += 1
            self.window = max(self.window, self._in_flight)

    def arrived(self, seconds: float) -> None:
        """Its answer came, or will not."""
        with self._lock:
            self._in_flight -= 1
            self.round_trip += seconds

    def delivery(self) -> Delivery | None:
        """All of it, up to now; None where nothing was sent."""
        if not self.requests:
            return None
        whole, transport = time.perf_counter() - self.started, self.predict.transport
        after = self._after()
        known = self.before is not None and after is not None
        return Delivery(
            transport=str(said_by(transport, "kind", "not known")),
            batch=self.batch,
            window=self.window,
            requests=self.requests,
            images=self.images,
            retries=int(said_by(transport, "retries", 0)),
            restarts=int(said_by(transport, "restarts", 0)),
            client={
                "read": self.read,
                "send": self.send,
                "wait": max(0.0, self.asked - self.read - self.send),
                "score": max(0.0, whole - self.asked),
            },
            round_trip=self.round_trip,
            server=after.since(self.before) if known and after and self.before else None,
        )

    def _after(self) -> ServerTimes | None:
        """The server's statistics when they hold what was answered: it may be a little late."""
        until = time.monotonic() + PATIENCE
        found = self._server_times()
        while found and self.before and time.monotonic() < until:
            if not 0 <= found.requests - self.before.requests < self.requests:
                break
            time.sleep(0.02)
            found = self._server_times()
        return found

    def _server_times(self) -> ServerTimes | None:
        ask = said_by(self.predict.transport, "statistics", None)
        model = self.predict.model
        try:
            found = ask(model.name, model.version) if ask is not None else None
        except ServerError:  # whoever needs the server says so; that its times are unknown is all
            return None
        return None if found is None else times_of(found)


@dataclass(frozen=True)
class ClockedTransport:
    """A `Transport` that tells a clock what it sends."""

    inner: Transport
    clock: Clock

    def send(self, request: Request) -> "Future[list[Output]]":
        """As `Transport`."""
        began = time.perf_counter()
        self.clock.leaves()
        try:
            future = self.inner.send(request)
        except BaseException:  # whatever it was, this request is no longer in flight
            self.clock.arrived(0.0)
            raise
        self.clock.sent(request, time.perf_counter() - began)
        future.add_done_callback(lambda _: self.clock.arrived(time.perf_counter() - began))
        return future

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        return self.inner.count(model, version)

    def renewed(self) -> None:
        """As `Transport`."""
        self.inner.renewed()
