"""This project's predictor on batches in memory, by the flag `transport`; no journal, no rows."""

import time

import numpy as np

from audit.client.allocator import keep_memory
from audit.client.connection import Connection
from audit.client.endpoint import connect, describe
from audit.client.parts import PartsTransport
from audit.client.predictor import ServedPredictor
from audit.client.sending import BatchBytes, sending
from audit.client.watch import WatchedTransport
from benchmarks.clients.task import Array, Task, run
from fairness.samples import Batch


def batches_of(task: Task) -> list[Batch]:
    """The images as an audit has them, without a journal's or a report's columns."""
    found = []
    for number, images in enumerate(task.batches()):
        ids = tuple(f"{number:06d}-{row}" for row in range(len(images)))
        targets = np.zeros(len(images), np.int64)
        found.append(Batch(ids, images, targets, {}, (None,) * len(images)))
    return found


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    keep_memory()
    batches, way = batches_of(task), task.flags["transport"]
    size = batches[0].images.nbytes
    sizes = BatchBytes(images=size, tensor=0, answer=4 * task.batch, batches=len(batches))
    with connect(Connection(endpoint=task.endpoint)) as server:
        model = describe(server, task.model)
        with sending(server, sizes, way, None, lambda text: None) as chosen:  # type: ignore[arg-type]
            watched = WatchedTransport(
                PartsTransport(chosen.transport, lambda text: None), task.endpoint, model
            )
            predict = ServedPredictor(
                watched, task.endpoint, model, chosen.window, buffers=chosen.buffers
            )
            began, answers = time.perf_counter(), {}
            for batch, found in predict(batches):
                answers[batch.ids[0]] = next(iter(found.values()))
            seconds = time.perf_counter() - began
    return seconds, [answers[first] for first in sorted(answers)]


if __name__ == "__main__":
    run(send)
