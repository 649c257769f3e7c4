"""One point of a sweep: measured until it is stable, then summed up; which point to use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.bench.load import Load, Window
from audit.bench.rules import LAST, Rules
from audit.client.delivery import PHASES

PERCENTILES = (50, 90, 95, 99)
NEAR = 0.02
"""A smaller window that is so near to the fastest is preferred: more in flight only waits."""


@dataclass(frozen=True)
class Point:
    """What was measured with one batch size and one window; times in microseconds a request."""

    batch: int
    in_flight: int
    rate: float
    """Images a second."""
    windows: int
    stable: bool
    requests: int
    """That the numbers are made of."""
    latency: float
    percentiles: dict[int, float]
    send: float
    receive: float
    server: dict[str, float] | None
    """`queue`, `compute_input`, `compute_infer`, `compute_output`; None where it does not say."""
    executions: int | None
    """Of the model, in the same windows."""
    cached: int | None
    """Answers that came from the server's cache."""

    @property
    def network(self) -> float | None:
        """What neither our own work nor the server's phases account for."""
        if self.server is None:
            return None
        return max(0.0, self.latency - self.send - self.receive - sum(self.server.values()))


def measured(load: Load, rules: Rules, tell: Callable[[int, Window], None]) -> Point:
    """Measure until the last windows agree, or until there were enough of them.

    Args:
        load: of the point, not yet started.
        rules: how long, and how often.
        tell: is told of every window, with its number.

    Raises:
        ServerError: a request failed.
    """
    windows: list[Window] = []
    stable = False
    try:
        load.start(rules)
        while not stable and len(windows) < rules.max_trials:
            windows.append(load.window(rules))
            tell(len(windows), windows[-1])
            rates = [window.rate for window in windows]
            stable = rules.agree(rates) and rules.agree([one.latency for one in windows])
    finally:
        load.stop()
    return summed_up(load, windows, stable)


def summed_up(load: Load, windows: Sequence[Window], stable: bool) -> Point:
    """The last windows as one."""
    last = windows[-LAST:]
    latencies = 1e6 * np.array([one for window in last for one in window.latencies])
    a_request = 1e6 / len(latencies)
    known = [window.server for window in last if window.server is not None]
    whole = len(known) == len(last) and sum(server.requests for server in known) > 0
    answered = sum(server.requests for server in known)
    return Point(
        batch=load.requests[0].rows,
        in_flight=load.in_flight,
        rate=sum(window.images for window in last) / sum(window.seconds for window in last),
        windows=len(windows),
        stable=stable,
        requests=len(latencies),
        latency=float(latencies.mean()),
        percentiles={p: float(np.percentile(latencies, p)) for p in PERCENTILES},
        send=sum(window.send for window in last) * a_request,
        receive=sum(window.receive for window in last) * a_request,
        server={
            name: 1e6 * sum(server.seconds[name] for server in known) / answered for name in PHASES
        }
        if whole
        else None,
        executions=sum(server.executions for server in known) if whole else None,
        cached=sum(server.cached for server in known) if whole else None,
    )


def recommended(points: Sequence[Point]) -> Point:
    """The smallest window, and of these the smallest batch, that is near the fastest point.

    Unstable points count too: to leave them out would recommend whatever was slow and steady.
    """
    fastest = max(point.rate for point in points)
    near = [point for point in points if point.rate >= (1 - NEAR) * fastest]
    return min(near, key=lambda point: (point.in_flight, point.batch))
