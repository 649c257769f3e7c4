"""Watches that one and the same loaded model answers, by the server's own count of its answers.

Triton begins to count anew when it loads a model. A count below what we were answered therefore
means that the model was loaded again meanwhile, or its server started again, whatever its probes
say: whoever asks must then prove again who answers. MLServer and KServe do not count; there only
probes can notice another model, and the report says so.
"""

import time
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Protocol

from audit.client.endpoint import ServedModel
from audit.client.failures import RestartedError
from audit.client.transport import Request, Transport
from audit.client.wire import Output

INTERVAL = 2.0
"""Seconds between two looks at the count. Answers to others could hide a new beginning that is
older."""

PATIENCE, SHORT = 3.0, 0.3
"""Seconds within which the server must have counted what it has answered; what it answered before
it was away, in less."""


@dataclass
class Life:
    """What passed between us and a model since it was loaded, as far as we know."""

    sent: int = 0
    answered: int = 0
    others: int = 0
    """Answers to others: so many at least."""


class Watched(Transport, Protocol):
    """A transport that knows whether the model that answered first answers still."""

    @property
    def sent(self) -> int:
        """Requests of the whole run."""

    @property
    def uncounted(self) -> bool:
        """Whether a server turned out to have no count: then a reload is not noticed here."""

    @property
    def recent(self) -> Collection[str]:
        """Ids of which some may have been answered by a model that was loaded again since."""

    def look(self, patience: float | None = None) -> None:
        """Compare counts with the answers that came; wait for them for some seconds.

        Raises:
            RestartedError: the model has been loaded again.
            ServerError: the model is gone, or the server.
        """

    def look_again(self) -> None:
        """Look at what was away; errors as `look`, but for one that was loaded again."""

    def kept(self, ids: Collection[str]) -> None:
        """Take note that the answers to a batch, whose first id comes first, are recorded."""


@dataclass
class WatchedTransport:
    """A `Transport` that looks at the server's count from time to time while it sends."""

    inner: Transport
    endpoint: str
    model: ServedModel
    sent: int = 0
    """Requests of the whole run."""
    uncounted: bool = False
    """Whether the server turned out to have no count: then a reload is not noticed here."""
    restarts: int = 0
    """Times that it was found to have begun anew."""
    recent: set[str] = field(default_factory=set)
    """Ids recorded since the last look that found the model as it was."""
    looked: float = 0.0
    by_itself: bool = True
    """Whether it looks while it sends; else somebody does so from time to time."""
    life: Life = field(default_factory=Life)
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request; arguments and errors as `Transport`.

        Raises:
            RestartedError: the model has been loaded again.
        """
        if self.by_itself and time.monotonic() >= self.looked + INTERVAL:
            self.look()
        with self._lock:
            life = self.life
            self.sent += 1
            life.sent += 1
        future = self.inner.send(request)
        future.add_done_callback(partial(self._arrived, life))
        return future

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`."""
        return self.inner.count(model, version)

    def renewed(self) -> None:
        """As `Transport`."""
        self.inner.renewed()

    def look(self, patience: float | None = None) -> None:
        """Compare the server's count with the answers that came; wait for it for some seconds.

        Raises:
            RestartedError: the server counts fewer: the model has been loaded again.
            ServerError: the model is gone, or the server.
        """
        least = self.life.others + self.life.answered
        patient_until = time.monotonic() + (PATIENCE if patience is None else patience)
        found = self.inner.count(self.model.name, self.model.version)
        while found is not None and found < least and time.monotonic() < patient_until:
            time.sleep(0.05)
            found = self.inner.count(self.model.name, self.model.version)
        self.looked = time.monotonic()
        if found is None:
            self.uncounted = True
            return
        if found < least:
            raise RestartedError(
                f"model '{self.model.name}' version {self.model.stated_version} at "
                f"{self.endpoint} was loaded again while it answered, or its server restarted: it "
                f"counts {found} answers, {least} came"
            )
        self.recent.clear()
        # What is under way may be counted already.
        self.life.others = max(self.life.others, found - self.life.sent)

    def look_again(self) -> None:
        """Look at a server that was away; where it counts anew, that is the count from now on.

        Raises:
            ServerError: the model is gone, or the server.
        """
        try:
            self.look(SHORT)
        except RestartedError:
            self.life = Life()
            self.restarts += 1
            self.renewed()
            self.look(SHORT)

    def kept(self, ids: Collection[str]) -> None:
        """As `Watched`."""
        if not self.uncounted:
            self.recent.update(ids)

    def _arrived(self, life: Life, done: "Future[list[Output]]") -> None:
        if not done.cancelled() and done.exception() is None:
            with self._lock:
                life.answered += 1
