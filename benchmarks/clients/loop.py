"""tritonclient in a plain loop: one request after another."""

import time

import tritonclient.grpc as triton

from benchmarks.clients.task import Array, Task, run
from benchmarks.clients.tensors import OUTPUT, input_of, outputs


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    client = triton.InferenceServerClient(task.endpoint)
    client.infer(task.model, [input_of(task.warm_up())], outputs=outputs())
    batches, answers = task.batches(), []
    began = time.perf_counter()
    for images in batches:
        found = client.infer(task.model, [input_of(images)], outputs=outputs())
        answers.append(found.as_numpy(OUTPUT))
    return time.perf_counter() - began, answers


if __name__ == "__main__":
    run(send)
