"""Stream batches through a Triton model over gRPC, several in flight, in bounded memory."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

from tritonclient.grpc import InferenceServerClient, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException

from audit.endpoint import ServedModel, explained, server_errors
from audit.wire import image_tensor, read_output
from fairness.arrays import Array
from fairness.errors import ServerError
from fairness.samples import Batch


@dataclass(frozen=True)
class Answer:
    """What came back for one batch: a result or an error, never both."""

    batch: Batch
    result: InferResult | None
    error: InferenceServerException | None


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
        """Yield (batch, (B, 1) float32 answer) in the order of the answers.

        The next batch is read from disk while earlier ones are with the server.

        Raises:
            ServerError: a request failed, or nothing came back in time.
        """
        answers: Queue[Answer] = Queue()
        calls: dict[str, Any] = {}
        try:
            for batch in batches:
                calls[batch.ids[0]] = self._send(batch, answers)
                if len(calls) >= self.in_flight:
                    yield self._receive(answers, calls)
            while calls:
                yield self._receive(answers, calls)
        finally:
            # Whoever stops early (an error, Ctrl-C) leaves no work behind on the server.
            for call in calls.values():
                with suppress(InferenceServerException):
                    call.cancel()

    def _send(self, batch: Batch, answers: "Queue[Answer]") -> Any:
        def arrived(
            result: InferResult | None, error: InferenceServerException | None, batch: Batch = batch
        ) -> None:
            answers.put(Answer(batch, result, error))

        with server_errors(self.endpoint, self.model.name):
            return self.client.async_infer(
                self.model.name,
                [image_tensor(self.model.spec, batch.images)],
                callback=arrived,
                model_version=self.model.version,
                outputs=[InferRequestedOutput(self.model.spec.output)],
                client_timeout=self.timeout,
            )

    def _receive(self, answers: "Queue[Answer]", calls: dict[str, Any]) -> tuple[Batch, Array]:
        try:
            answer = answers.get(timeout=self.timeout + 10)
        except Empty:
            raise ServerError(
                f"{self.endpoint} fell silent; restart it and repeat the command with --resume"
            ) from None
        del calls[answer.batch.ids[0]]
        if answer.error is not None or answer.result is None:
            error = answer.error or InferenceServerException("the call ended without a result")
            raise explained(error, self.endpoint, self.model.name)
        return answer.batch, read_output(answer.result, self.model.spec, self.model.name)
