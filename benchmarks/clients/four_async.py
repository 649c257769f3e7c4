"""tritonclient with four requests in flight, by callbacks."""

import time
from functools import partial
from threading import Semaphore
from typing import Any

import tritonclient.grpc as triton

from benchmarks.clients.task import Array, Task, run
from benchmarks.clients.tensors import OUTPUT, input_of, outputs

IN_FLIGHT = 4


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    client = triton.InferenceServerClient(task.endpoint)
    client.infer(task.model, [input_of(task.warm_up())], outputs=outputs())
    free, answers = Semaphore(IN_FLIGHT), dict[int, Array]()

    def arrived(number: int, result: Any, error: Exception | None) -> None:
        if error is None:
            answers[number] = result.as_numpy(OUTPUT)
        free.release()

    batches = task.batches()
    began = time.perf_counter()
    for number, images in enumerate(batches):
        free.acquire()
        callback = partial(arrived, number)
        client.async_infer(task.model, [input_of(images)], callback=callback, outputs=outputs())
    for _ in range(IN_FLIGHT):
        free.acquire()
    seconds = time.perf_counter() - began
    return seconds, [answers[number] for number in sorted(answers)]


if __name__ == "__main__":
    run(send)
