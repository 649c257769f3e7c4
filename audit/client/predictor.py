"""Stream batches through a Triton model over gRPC, several in flight, in bounded memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException

from audit.client.endpoint import ServedModel, explained, server_errors
from audit.ways import ways_of
from audit.client.wire import read_output, request_tensors
from fairness.arrays import Array
from fairness.errors import DataError, ServerError
from fairness.samples import Batch


@dataclass(frozen=True)
class Answer:
    """What came back for one batch asked in one way: a result or an error, never both."""

    batch: Batch
    way: int
    result: InferResult | None
    error: InferenceServerException | None


@dataclass
class Sent:
    """A batch with the server: the calls it needs, and what has come of them."""

    calls: list[Any]
    answers: dict[int, Array]


@dataclass(frozen=True)
class TritonPredictor:
    """A `Predict` (fairness/evaluate.py) that asks a served model."""

    client: InferenceServerClient
    endpoint: str
    model: ServedModel
    in_flight: int = 4
    """Batches sent and not yet answered; with one being read, all that memory ever holds."""
    timeout: float = 300.0
    """Seconds that one batch may take."""

    def __call__(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
        """Yield batches and their answers in the order in which these come.

        An answer is a mask (B, H, W) uint8, or (B, V) float32 with a column for each way in which
        the model is asked. The next batch is read from disk while earlier ones are with the server.

        Raises:
            ServerError: a request failed, or nothing came back in time.
            DataError: the model does not take an image or a group.
        """
        answers: Queue[Answer] = Queue()
        sent: dict[str, Sent] = {}
        try:
            for batch in batches:
                sent[batch.ids[0]] = self._send(batch, answers)
                while len(sent) >= self.in_flight:
                    yield from self._receive(answers, sent)
            while sent:
                yield from self._receive(answers, sent)
        finally:
            # Whoever stops early (an error, Ctrl-C) leaves no work behind on the server.
            for one in sent.values():
                for call in one.calls:
                    with suppress(InferenceServerException):
                        call.cancel()

    def _send(self, batch: Batch, answers: "Queue[Answer]") -> Sent:
        calls = []
        for number, way in enumerate(ways_of(self.model.spec)):

            def arrived(
                result: InferResult | None,
                error: InferenceServerException | None,
                number: int = number,
            ) -> None:
                answers.put(Answer(batch, number, result, error))

            with naming(batch), server_errors(self.endpoint, self.model.name):
                call = self.client.async_infer(
                    self.model.name,
                    request_tensors(self.model.spec, batch.images, way(batch)),
                    callback=arrived,
                    model_version=self.model.version,
                    outputs=[InferRequestedOutput(self.model.spec.output)],
                    client_timeout=self.timeout,
                )
            calls.append(call)
        return Sent(calls, {})

    def _receive(
        self, answers: "Queue[Answer]", sent: dict[str, Sent]
    ) -> Iterator[tuple[Batch, Array]]:
        """Take one answer; yield its batch if that was the last one missing."""
        try:
            answer = answers.get(timeout=self.timeout + 10)
        except Empty:
            raise ServerError(
                f"{self.endpoint} fell silent; restart it and repeat the command with --resume"
            ) from None
        if answer.error is not None or answer.result is None:
            error = answer.error or InferenceServerException("the call ended without a result")
            raise explained(error, self.endpoint, self.model.name)
        one = sent[answer.batch.ids[0]]
        one.answers[answer.way] = read_output(answer.result, self.model.spec, self.model.name)
        if len(one.answers) < len(one.calls):
            return
        del sent[answer.batch.ids[0]]
        parts = [one.answers[way] for way in range(len(one.calls))]
        yield answer.batch, parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


@contextmanager
def naming(batch: Batch) -> Iterator[None]:
    """Add the samples concerned to a refusal to send them."""
    try:
        yield
    except DataError as error:
        raise DataError(f"samples {batch.ids[0]}..{batch.ids[-1]}: {error}") from None
