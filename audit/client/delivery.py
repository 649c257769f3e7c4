"""How answers came about: the way, the window, retries, and where the time of a run went.

The client's seconds are those of the thread that reads, sends, waits and scores: together they are
the run. The server's are the difference of its `ModelStatistics` around the run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.client.transport import Transport

PHASES = ("queue", "compute_input", "compute_infer", "compute_output")
"""Of a request inside the server, as Triton's statistics call them."""


@dataclass(frozen=True)
class ServerTimes:
    """What a server has counted of one model since it loaded it."""

    requests: int
    """Answered."""
    images: int
    """In them; as many as requests where the model takes no batches."""
    executions: int
    """Of the model: fewer than requests where the server merged some."""
    cached: int
    """Requests that the server answered from its cache."""
    seconds: Mapping[str, float]
    """Of all requests: `total`, and that of each phase."""

    def since(self, before: "ServerTimes") -> "ServerTimes | None":
        """What came after `before`; None where the server began to count anew meanwhile."""
        found = ServerTimes(
            self.requests - before.requests,
            self.images - before.images,
            self.executions - before.executions,
            self.cached - before.cached,
            {name: value - before.seconds[name] for name, value in self.seconds.items()},
        )
        counts = (found.requests, found.images, found.executions, *found.seconds.values())
        return None if min(counts) < 0 else found


def times_of(statistics: Any) -> ServerTimes:
    """A server's `ModelStatistics` in seconds."""
    of = statistics.inference_stats
    seconds = {name: getattr(of, name).ns / 1e9 for name in PHASES}
    return ServerTimes(
        requests=int(of.success.count),
        images=int(statistics.inference_count),
        executions=int(statistics.execution_count),
        cached=int(of.cache_hit.count),
        seconds={"total": of.success.ns / 1e9, **seconds},
    )


@dataclass(frozen=True)
class Delivery:
    """How the answers of one run came about."""

    transport: str
    """The way, e.g. `gRPC` or `shared memory`."""
    batch: int
    """Images of the largest request."""
    window: int
    """Requests that were on their way at the same time, at most."""
    requests: int
    images: int
    """In all requests: more than the run's where each is asked several times."""
    retries: int
    restarts: int
    """Of the server, which the run survived."""
    client: Mapping[str, float]
    """Seconds of `read`, `send`, `wait` and `score`, which together are the run."""
    round_trip: float
    """Seconds of all requests, from being sent to being answered."""
    server: ServerTimes | None
    """Of these requests and of everybody else's; None where the server does not say."""

    def of_a_request(self) -> dict[str, float]:
        """Milliseconds of a request, on average: the round trip, and its parts where known."""
        a_request = 1000 / max(1, self.requests)
        found = {"round_trip": self.round_trip * a_request}
        if self.server is not None and self.server.requests:
            inside = {name: s * self.share * a_request for name, s in self.server.seconds.items()}
            found["network"] = max(0.0, found["round_trip"] - inside.pop("total"))
            found |= inside
        return {name: round(value, 3) for name, value in found.items()}

    @property
    def share(self) -> float:
        """Our share of what the server did meanwhile, by images where it counts them."""
        if self.server is None:
            return 0.0
        counts_images = self.server.images >= self.images
        ours, all_of_it = (
            (self.images, self.server.images)
            if counts_images
            else (self.requests, self.server.requests)
        )
        return min(1.0, ours / max(1, all_of_it))

    def told(self) -> dict[str, Any]:
        """As report.json has it."""
        server = self.server
        return {
            "transport": self.transport,
            "batch": self.batch,
            "window": self.window,
            "requests": self.requests,
            "retries": self.retries,
            "restarts": self.restarts,
            "client_seconds": {name: round(value, 3) for name, value in self.client.items()},
            "milliseconds_a_request": self.of_a_request(),
            "server_executions": None if server is None else server.executions,
            "answered_from_cache": None if server is None else server.cached,
        }


def layers(transport: Transport) -> Iterator[Any]:
    """A transport and those inside it, the outermost first; each calls the next one `inner`."""
    layer: Any = transport
    while layer is not None:
        yield layer
        layer = getattr(layer, "inner", None)


def said_by(transport: Transport, name: str, otherwise: Any) -> Any:
    """The attribute of that name of the outermost layer that has one."""
    found = (getattr(layer, name) for layer in layers(transport) if hasattr(layer, name))
    return next(found, otherwise)
