"""A closed loop against a server of known speed: one request after another, 10 ms each."""

import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
import pytest

from audit.bench.load import Load
from audit.bench.point import measured
from audit.bench.rules import Rules
from audit.client.delivery import PHASES, ServerTimes
from audit.client.transport import Request
from audit.client.wire import Output
from fairness.errors import ServerError

SERVICE = 0.01
ROWS = 4
RULES = Rules(measurement_interval=150, warmup_request_count=3)


@dataclass
class OneByOne:
    """A server that takes `SERVICE` seconds for a request, whatever waits."""

    fails_after: int = -1
    waiting: "Queue[Future[list[Output]] | None]" = field(default_factory=Queue)
    answered: int = 0
    at_once: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while (future := self.waiting.get()) is not None:
            time.sleep(SERVICE)
            self.at_once -= 1
            self.answered += 1
            if not future.set_running_or_notify_cancel():
                continue
            if self.answered == self.fails_after:
                future.set_exception(ServerError("it failed"))
            else:
                future.set_result([])

    def send(self, request: Request) -> "Future[list[Output]]":
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        future: Future[list[Output]] = Future()
        self.waiting.put(future)
        return future

    def count(self, model: str, version: str) -> int | None:
        return None

    def times(self) -> ServerTimes | None:
        n = self.answered
        seconds = {"total": n * SERVICE, **dict.fromkeys(PHASES, 0.0), "compute_infer": n * SERVICE}
        return ServerTimes(n, n * ROWS, n, 0, seconds)


def load(server: Any, in_flight: int, times: Any = None) -> Load:
    images = {"image": np.zeros((ROWS, 2, 2), np.uint8)}
    requests = [Request("m", "1", images, "y", 5.0, frozenset({"image"}))]
    return Load(server, requests, in_flight, lambda outputs: None, times or server.times)


@pytest.mark.parametrize("in_flight", [1, 3])
def test_rate_and_latency_are_those_of_the_server(in_flight: int) -> None:
    server = OneByOne()
    point = measured(load(server, in_flight), RULES, lambda number, window: None)
    assert server.most == in_flight
    assert point.batch == ROWS
    # A request takes at least its service, and sleeping takes a little longer than it says.
    assert 0.5 * ROWS / SERVICE < point.rate < 1.02 * ROWS / SERVICE
    # Little's law: what is in flight is the rate of requests times their time.
    assert point.rate / ROWS * point.latency / 1e6 == pytest.approx(in_flight, rel=0.1)
    assert point.percentiles[50] <= point.percentiles[90] <= point.percentiles[99]
    assert point.server is not None
    assert point.server["compute_infer"] == pytest.approx(1e6 * SERVICE)
    assert point.server["queue"] == 0.0


def test_a_server_without_statistics_leaves_its_phases_out() -> None:
    point = measured(load(OneByOne(), 1, lambda: None), RULES, lambda number, window: None)
    assert point.server is None
    assert (point.network, point.executions, point.cached) == (None, None, None)


def test_a_failure_ends_the_point_and_leaves_nothing_under_way() -> None:
    running = load(OneByOne(fails_after=5), 3)
    with pytest.raises(ServerError, match="it failed"):
        measured(running, RULES, lambda number, window: None)
    assert running.under_way
    assert all(call.future.cancelled() for call in running.under_way)


def test_silence_is_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.bench.load.GRACE", -4.9)
    server = OneByOne()
    server.waiting.put(None)
    with pytest.raises(ServerError, match="fell silent"):
        measured(load(server, 1), RULES, lambda number, window: None)


def test_windows_can_be_of_a_number_of_requests() -> None:
    rules = Rules(
        "count_windows", measurement_request_count=7, warmup_request_count=0, max_trials=3
    )
    sizes: list[int] = []
    measured(load(OneByOne(), 2), rules, lambda _, window: sizes.append(len(window.latencies)))
    assert sizes == [7, 7, 7]
