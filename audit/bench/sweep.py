"""Measures every point of a sweep on one server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from audit.bench.flags import BenchOptions
from audit.bench.inputs import Sending, of_split, synthetic
from audit.bench.load import Load, Window
from audit.bench.point import Point, measured
from audit.client.delivery import ServerTimes, said_by, times_of
from audit.client.endpoint import ServedModel
from audit.client.exchange import answer_of
from audit.client.failures import TooLargeError
from audit.client.sending import BatchBytes
from audit.client.transport import Server, Transport
from audit.client.wire import Output
from audit.options import AnalysisOptions
from audit.sizes import FRAME_BYTES, most_answer_bytes
from audit.waiting import waiting
from fairness.errors import UsageError


def requests_of(options: BenchOptions, server: Server, model: ServedModel) -> dict[int, Sending]:
    """The requests of each batch size.

    Raises:
        UsageError: a size is more than the model takes, or nothing can be sent.
        DataError: the data cannot be read.
    """
    sizes = tuple(dict.fromkeys(options.batch)) or (model.batch_size,)
    if max(sizes) > model.batch_size:
        raise UsageError(
            f"--batch {max(sizes)}: model '{model.name}' takes {model.batch_size} images at once"
        )
    if options.synthetic_input:
        metadata = server.metadata(model.name, model.version)
        return {rows: synthetic(model, metadata, rows, options.shape) for rows in sizes}
    asked = options.flags.options(AnalysisOptions(), distances=False)
    return {rows: of_split(asked, model, rows) for rows in sizes}


def bytes_of(
    options: BenchOptions, model: ServedModel, sending: Mapping[int, Sending]
) -> BatchBytes:
    """Of the largest request and its answer: what shared memory must hold."""
    largest = max(
        array.nbytes for one in sending.values() for array in one.requests[0].inputs.values()
    )
    shapes = [one.images.shape[1:] for one in sending.values()]
    answer = most_answer_bytes(model, shapes) - FRAME_BYTES
    return BatchBytes(images=0, tensor=largest, answer=answer, batches=max(options.in_flight))


def swept(
    options: BenchOptions, transport: Transport, model: ServedModel,
    sending: Mapping[int, Sending], console: Console,
) -> list[Point]:  # fmt: skip
    """Every point, the smallest window of the smallest batch first.

    Raises:
        ServerError: a request failed, or is larger than the server receives.
    """
    points = []
    for rows, of_size in sorted(sending.items()):
        for window in sorted(set(options.in_flight)):
            read, times = reader(model, of_size), clock(transport, model)
            load = Load(transport, of_size.requests, window, read, times)
            name = f"batch {rows}, {window} in flight"
            try:
                with waiting(name, console):
                    point = measured(load, options.rules, teller(options, name, console))
            except TooLargeError as error:
                raise UsageError(f"--batch {rows}: {error}; give a smaller one") from None
            points.append(point)
            console.print(said(point), highlight=False, markup=False)
    return points


def reader(model: ServedModel, sending: Sending) -> Callable[[list[Output]], object]:
    """Reads the numbers of an answer, and refuses what is none, as an audit does."""
    return lambda outputs: answer_of(model, outputs, sending.images)


def clock(transport: Transport, model: ServedModel) -> Callable[[], ServerTimes | None]:
    """What the server has counted of the model by now; gives None where it does not count."""
    ask = said_by(transport, "statistics", None)

    def now() -> ServerTimes | None:
        found = ask(model.name, model.version) if ask is not None else None
        return None if found is None else times_of(found)

    return now


def teller(options: BenchOptions, name: str, console: Console) -> Callable[[int, Window], None]:
    """Says a line for each window, where that is asked for."""

    def tell(number: int, window: Window) -> None:
        if options.progress == "windows":
            line = f"  {name}: window {number}, {window.rate:.0f} images/s"
            console.print(
                f"{line}, {1000 * window.latency:.2f} ms a request", highlight=False, markup=False
            )

    return tell


def said(point: Point) -> str:
    """A point in a line, as it is done."""
    stable = "stable" if point.stable else "NOT stable"
    return (
        f"batch {point.batch}, {point.in_flight} in flight: {point.rate:.0f} images/s, p99 "
        f"{point.percentiles[99] / 1000:.2f} ms, {stable} after {point.windows} windows"
    )


def about(options: BenchOptions, model: ServedModel, transport: Transport) -> dict[str, Any]:
    """What was measured, on what, and how."""
    return {
        "model": model.name,
        "what_answered": f"{model.name} version {model.stated_version}, answered by {model.server} "
        f"({model.answering.name}) on {model.device}",
        "server": {
            "name": model.server,
            "endpoint": options.flags.connection.endpoint,
            "device": model.device,
            **model.answering.told(),
        },
        "transport": str(said_by(transport, "kind", "not known")),
        "input": "random numbers" if options.synthetic_input else "images of the split",
        "rules": asdict(options.rules),
    }


def warnings_of(model: ServedModel, points: Sequence[Point], best: Point) -> list[str]:
    """Why the numbers should not be trusted, if there is a reason."""
    found = []
    hits = sum(point.cached or 0 for point in points)
    if model.answering.response_cache:
        found.append(
            "the model's configuration enables the response cache (response_cache.enable), and the "
            "same requests are sent again and again: these are not the model's numbers; disable it"
        )
    if hits:
        found.append(f"{hits} answers came from the server's cache, not from the model")
    if not best.stable:
        found.append(
            f"batch {best.batch} with {best.in_flight} in flight was not stable: others use the "
            "server or the machine, or the windows are too short; lengthen --measurement-interval"
        )
    if all(point.server is None for point in points):
        found.append("the server has no statistics: where inside it the time goes is not known")
    return found
