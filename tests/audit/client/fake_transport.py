"""A server that is not there: a transport that answers as a test tells it to."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from audit.client.transport import Request
from audit.client.wire import Output
from fairness.errors import ServerError


def mean_grey(request: Request) -> list[Output]:
    """What `served.mean_grey` answers: the mean grey level of each image."""
    images = request.inputs["image"]
    answer = images.mean(axis=tuple(range(1, images.ndim)), dtype=np.float32)[:, None] / 255
    return [Output("probability", "FP32", answer.shape, answer.astype(np.float32).tobytes())]


@dataclass
class FakeTransport:
    """Keeps what was sent; a test answers it, or lets `at_once` do so."""

    at_once: Callable[[Request], list[Output]] | None = mean_grey
    refused: ServerError | None = None
    counted: Callable[[int], int | None] = lambda sent: sent
    """The count that the server gives, from the number of requests that it got."""
    sent: list[tuple[Request, "Future[list[Output]]"]] = field(default_factory=list)

    def send(self, request: Request) -> "Future[list[Output]]":
        """Keep the request, and answer it unless the test does so later."""
        if self.refused is not None:
            raise self.refused
        future: Future[list[Output]] = Future()
        self.sent.append((request, future))
        if self.at_once is not None:
            future.set_result(self.at_once(request))
        return future

    def count(self, model: str, version: str) -> int | None:
        """What the server says it has answered."""
        return self.counted(len(self.sent))

    def renewed(self) -> None:
        """Nothing was left with it."""

    def answer(self, *numbers: int) -> None:
        """Answer the requests of these numbers, in that order."""
        for number in numbers:
            request, future = self.sent[number]
            future.set_result(mean_grey(request))
