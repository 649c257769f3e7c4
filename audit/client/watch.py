"""Watches that one and the same loaded model answers, by the server's own count of its answers.

Triton begins to count anew when it loads a model. A count below what we were answered therefore
means that the model was loaded again meanwhile, whatever its probes say. MLServer and KServe do not
count; there only probes can notice another model, and the report says so.
"""

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from audit.client.endpoint import ServedModel
from audit.client.failures import ReplacedError
from audit.client.transport import Request, Transport
from audit.client.wire import Output

INTERVAL = 2.0
"""Seconds between two looks at the count. Answers to others could hide a new beginning that is
older."""

PATIENCE = 3.0
"""Seconds within which the server must have counted what it has answered."""


@dataclass
class WatchedTransport:
    """A `Transport` that looks at the server's count from time to time while it sends."""

    inner: Transport
    endpoint: str
    model: ServedModel
    sent: int = 0
    answered: int = 0
    others: int = 0
    """Answers to others since the model was loaded: so many at least."""
    uncounted: bool = False
    """Whether the server turned out to have no count: then a reload is not noticed here."""
    looked: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request; arguments and errors as `Transport`.

        Raises:
            ReplacedError: the model has been loaded again.
        """
        if time.monotonic() >= self.looked + INTERVAL:
            self.look()
        self.sent += 1
        future = self.inner.send(request)
        future.add_done_callback(self._arrived)
        return future

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        return self.inner.count(model, version)

    def look(self) -> None:
        """Compare the server's count with the answers that came.

        Raises:
            ReplacedError: the server counts fewer: the model has been loaded again.
            ServerError: the model is gone, or the server.
        """
        least = self.others + self.answered
        patient_until = time.monotonic() + PATIENCE
        found = self.inner.count(self.model.name, self.model.version)
        while found is not None and found < least and time.monotonic() < patient_until:
            time.sleep(0.05)
            found = self.inner.count(self.model.name, self.model.version)
        self.looked = time.monotonic()
        if found is None:
            self.uncounted = True
            return
        if found < least:
            raise ReplacedError(
                f"model '{self.model.name}' version {self.model.stated_version} at "
                f"{self.endpoint} was loaded again while it answered, or its server restarted: it "
                f"counts {found} answers, {least} came; leave the model as it is while it is "
                "audited, and name one server, not several behind one address"
            )
        # What is under way may be counted already.
        self.others = max(self.others, found - self.sent)

    def _arrived(self, done: "Future[list[Output]]") -> None:
        if not done.cancelled() and done.exception() is None:
            with self._lock:
                self.answered += 1
