"""The predictor of the baseline commit on batches in memory; runs inside a checkout of it."""

import time

import numpy as np

from audit.client.connection import Connection
from audit.client.endpoint import connect, describe
from audit.client.parts import PartsTransport
from audit.client.predictor import ServedPredictor
from audit.client.watch import WatchedTransport
from benchmarks.clients.task import Array, Task, run
from fairness.samples import Batch


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    batches = []
    for number, images in enumerate(task.batches()):
        ids = tuple(f"{number:06d}-{row}" for row in range(len(images)))
        targets = np.zeros(len(images), np.int64)
        batches.append(Batch(ids, images, targets, {}, (None,) * len(images)))
    with connect(Connection(endpoint=task.endpoint)) as server:
        model = describe(server, task.model)
        watched = WatchedTransport(PartsTransport(server, lambda text: None), task.endpoint, model)
        predict = ServedPredictor(watched, task.endpoint, model)
        began, answers = time.perf_counter(), {}
        for batch, found in predict(batches):
            answers[batch.ids[0]] = next(iter(found.values()))
        seconds = time.perf_counter() - began
    return seconds, [answers[first] for first in sorted(answers)]


if __name__ == "__main__":
    run(send)
