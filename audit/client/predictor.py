"""Streams batches through a served model, several in flight, in bounded memory."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue

from audit.client.endpoint import ServedModel
from audit.client.exchange import answer_of, tensors_of
from audit.client.failures import GoneError
from audit.client.transport import Request, Transport
from audit.client.window import InFlight, fixed
from audit.client.wire import Output
from fairness.arrays import Array
from fairness.datasets.buffers import Buffers, PlainBuffers
from fairness.errors import DataError, ServerError
from fairness.evaluate import Answers
from fairness.group_input import ways_of
from fairness.samples import Batch

GRACE = 10.0
"""Seconds beyond its own time-out after which a call that gave no sign counts as lost."""


@dataclass(frozen=True)
class Sent:
    """A batch with the server: a call for each way of asking, and what has come of them."""

    batch: Batch
    calls: dict[str, "Future[list[Output]]"]
    answers: dict[str, Array]


@dataclass(frozen=True)
class ServedPredictor:
    """A `Predict` (fairness/evaluate.py) that asks a served model."""

    transport: Transport
    endpoint: str
    model: ServedModel
    window: InFlight = field(default_factory=lambda: fixed(4))
    """Batches sent and not yet answered."""
    timeout: float = 300.0
    """Seconds that one batch may take."""
    fitted: bool = False
    """Whether images come at the size of a described model."""
    buffers: Buffers = field(default_factory=lambda: PlainBuffers(0, 0))
    """To which images go back when they are answered, or given up."""

    def __call__(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        """Yield batches and their answers in the order in which these come.

        Images are given back to the buffers, where there are any, when the next batch is asked for.
        An answer is (B, 1) float32 or a mask (B, H, W) uint8, one for each way in which the model
        is asked. The next batch is read from disk while earlier ones are with the server.

        Raises:
            ServerError: a request failed, or nothing came back in time.
            DataError: the model does not take an image or a group.
        """
        arrivals: Queue[tuple[Sent, str]] = Queue()
        sent: dict[str, Sent] = {}
        try:
            for batch in batches:
                sent[batch.ids[0]] = one = Sent(batch, {}, {})
                self._send(one, arrivals)
                while len(sent) >= self.window.size:
                    yield from self._receive(arrivals, sent)
            while sent:
                yield from self._receive(arrivals, sent)
        finally:
            # Whoever stops early (an error, Ctrl-C) leaves no work behind on the server.
            for one in sent.values():
                for call in one.calls.values():
                    call.cancel()
                self.buffers.give_back(one.batch.images)

    def _send(self, one: Sent, arrivals: "Queue[tuple[Sent, str]]") -> None:
        spec = self.model.spec
        for name, way in ways_of(spec.group_input).items():
            with naming(one.batch):
                batch = one.batch
                inputs = tensors_of(
                    self.model, batch.images, way(batch), batch.inputs, fitted=self.fitted
                )
            request = Request(
                self.model.name,
                self.model.version,
                inputs,
                spec.output,
                self.timeout,
                self.model.by_row,
                batch=batch.ids[0],
            )
            call = one.calls[name] = self.transport.send(request)
            call.add_done_callback(lambda _, name=name: arrivals.put((one, name)))  # type: ignore[misc]  # mypy cannot type a default

    def _receive(
        self, arrivals: "Queue[tuple[Sent, str]]", sent: dict[str, Sent]
    ) -> Iterator[tuple[Batch, Answers]]:
        """Take one answer; yield its batch if that was the last one missing."""
        try:
            one, way = arrivals.get(timeout=self.timeout + GRACE)
        except Empty:
            raise GoneError(
                f"{self.endpoint} fell silent: no answer in {self.timeout:g} s; see its log"
            ) from None
        outputs = one.calls[way].result()
        with naming(one.batch):
            one.answers[way] = answer_of(self.model, outputs, one.batch.images)
        if len(one.answers) == len(one.calls):
            del sent[one.batch.ids[0]]
            self.window.answered(len(one.batch))
            try:
                yield one.batch, one.answers
            finally:
                self.buffers.give_back(one.batch.images)


@contextmanager
def naming(batch: Batch) -> Iterator[None]:
    """Add the samples concerned to a refusal to send them, or to read what was answered."""
    try:
        yield
    except ServerError:
        raise
    except DataError as error:
        raise DataError(f"samples {batch.ids[0]}..{batch.ids[-1]}: {error}") from None
