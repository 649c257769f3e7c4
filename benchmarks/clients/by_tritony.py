"""tritony with its defaults (four tasks), which takes all images as one array in memory.

Of files it must read all before it can send any; its clock runs meanwhile, as that of the others.
"""

import importlib
import time

import numpy as np

from benchmarks.clients.task import Array, Task, load, run


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    tritony = importlib.import_module("tritony")
    client = tritony.InferenceClient.create_with(
        task.model, task.endpoint, input_dims=len(task.shape), protocol="grpc"
    )
    client(task.warm_up())
    images = None if task.folder else task.in_memory()
    began = time.perf_counter()
    if images is None:
        images = np.stack([load(file, task.key) for file in task.files()])
    answers = client(images)
    return time.perf_counter() - began, [np.asarray(answers)]


if __name__ == "__main__":
    run(send)
