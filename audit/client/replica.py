"""One of several servers of the same model: its watch, its window, what it has under way."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from audit.client.endpoint import ServedModel
from audit.client.transport import Request, Server
from audit.client.watch import WatchedTransport
from audit.client.window import Window
from audit.client.wire import Output
from fairness.errors import ServerError


@dataclass(eq=False)
class Job:
    """A request that some replica is to answer, whichever it is in the end."""

    request: Request
    future: "Future[list[Output]]"
    """Of whoever asked."""
    replica: "Replica | None" = None
    """That has it; None while it waits for one."""
    call: "Future[list[Output]] | None" = None
    """To that replica: an answer to any earlier call comes too late."""
    tries: int = 0


@dataclass(eq=False)
class Replica:
    """A server among several, and what became of it in this run."""

    endpoint: str
    server: Server
    watched: WatchedTransport
    window: Window
    model: ServedModel
    """As it describes the model, and what runs it."""
    described: Callable[[], ServedModel]
    """Asks it again."""
    fault: ServerError | None = None
    """Why it gets no work; None while it does."""
    jobs: set[Job] = field(default_factory=set)
    """Under way."""
    asked: int = 0
    """Requests that it got."""
    recent: set[str] = field(default_factory=set)
    """Batches that it answered since the last look that found the model as it was."""
    images: int = 0
    """Whose answers were recorded."""
    absences: int = 0
    """Times that it dropped out."""
    looking: Lock = field(default_factory=Lock)
    """Held by whoever looks at it, or proves it."""
    roused: Event = field(default_factory=Event)
    """Set where its keeper has something to do."""

    @property
    def load(self) -> tuple[float, int]:
        """The taken part of its window; of two alike the one that was asked less has less."""
        return len(self.jobs) / self.window.size, self.asked

    def told(self) -> dict[str, Any]:
        """As report.json has it."""
        return {
            "endpoint": self.endpoint,
            "images": self.images,
            "absences": self.absences,
            "restarts": self.watched.restarts,
            "server": self.model.server,
            "device": self.model.device,
            **self.model.answering.told(),
        }
