"""Where the time of a run goes, against pauses of known length; without a server."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Timer
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_transport import FakeTransport, mean_grey
from served import SPEC

from audit.client.clock import Clock
from audit.client.delivery import layers, said_by
from audit.client.endpoint import ServedModel
from audit.client.predictor import ServedPredictor
from audit.client.transport import Request
from audit.client.window import fixed
from fairness.errors import ServerError
from fairness.samples import Batch, Sample, stack

MODEL = ServedModel("m", "1", SPEC, batch_size=2, device="CPU", server="fake 1")
PAUSE = 0.03


@dataclass
class Counting:
    """A transport that is slow to send, and counts as Triton does; the count may begin anew."""

    fake: FakeTransport = field(default_factory=FakeTransport)
    kind: str = "pigeons"
    anew: bool = False

    def send(self, request: Request) -> Any:
        time.sleep(PAUSE)
        return self.fake.send(request)

    def count(self, model: str, version: str) -> int | None:
        return len(self.fake.sent)

    def statistics(self, model: str, version: str) -> Any:
        n = 0 if self.anew and self.fake.sent else 100 + len(self.fake.sent)
        times = SimpleNamespace(count=n, ns=n * 10**6)
        phases = ("success", "queue", "compute_input", "compute_infer", "compute_output")
        stats = SimpleNamespace(**dict.fromkeys(phases, times), cache_hit=SimpleNamespace(count=0))
        return SimpleNamespace(inference_stats=stats, inference_count=2 * n, execution_count=n)


@dataclass
class Around:
    """A layer around a transport."""

    inner: Any
    retries: int = 3

    def send(self, request: Request) -> Any:
        return self.inner.send(request)

    def count(self, model: str, version: str) -> int | None:
        return None

    def renewed(self) -> None:
        pass


def slow_batches(n: int) -> Iterator[Batch]:
    for number in range(n):
        time.sleep(2 * PAUSE)
        images = np.full((3, 4), number, np.uint8)
        yield stack([Sample(f"s{number}{i}", images, 0, {}) for i in range(2)])


def run(transport: Any, n: int = 3) -> Clock:
    clock = Clock(ServedPredictor(transport, "fake:1", MODEL, window=fixed(2)))
    for _ in clock.asking(slow_batches(n)):
        time.sleep(PAUSE)
    return clock


def test_reading_sending_and_scoring_are_the_pauses_that_were_made() -> None:
    clock = run(Around(Counting()))
    delivery = clock.delivery()
    assert delivery is not None
    assert delivery.client["read"] == pytest.approx(3 * 2 * PAUSE, rel=0.5)
    assert delivery.client["send"] == pytest.approx(3 * PAUSE, rel=0.5)
    assert delivery.client["score"] == pytest.approx(3 * PAUSE, rel=0.5)
    whole = time.perf_counter() - clock.started
    assert sum(delivery.client.values()) == pytest.approx(whole, rel=0.1)
    assert (delivery.requests, delivery.images, delivery.batch) == (3, 6, 2)
    assert (delivery.transport, delivery.retries, delivery.restarts) == ("pigeons", 3, 0)


def test_the_server_s_share_is_the_difference_of_its_statistics() -> None:
    delivery = run(Counting()).delivery()
    assert delivery is not None
    assert delivery.server is not None
    assert (delivery.server.requests, delivery.server.images) == (3, 6)
    assert delivery.of_a_request()["queue"] == pytest.approx(1.0)


def test_nothing_is_said_of_a_server_that_counts_anew_or_not_at_all() -> None:
    for transport in (Counting(anew=True), FakeTransport()):
        delivery = run(transport, 1).delivery()
        assert delivery is not None
        assert delivery.server is None


def test_the_window_is_the_most_requests_at_once() -> None:
    fake, sent = FakeTransport(at_once=None), list(slow_batches(4))
    clock = Clock(ServedPredictor(fake, "fake:1", MODEL, window=fixed(3)))

    def release() -> None:
        fake.at_once = mean_grey
        fake.answer(0, 1, 2)

    timer = Timer(0.2, release)
    timer.start()
    assert len(list(clock.asking(sent))) == 4
    timer.join()
    assert clock.window == 3


def test_a_request_that_is_refused_is_no_longer_in_flight() -> None:
    clock = Clock(ServedPredictor(FakeTransport(refused=ServerError("no")), "fake:1", MODEL))
    with pytest.raises(ServerError, match="no"):
        list(clock.asking(slow_batches(1)))
    assert clock.delivery() is None


def test_the_outermost_layer_that_knows_says_it() -> None:
    transport = Around(Around(Counting()), retries=5)
    assert [type(one).__name__ for one in layers(transport)] == ["Around", "Around", "Counting"]
    assert said_by(transport, "retries", 0) == 5
    assert said_by(transport, "kind", "") == "pigeons"
    assert said_by(transport, "restarts", 7) == 7
