"""A ceiling: four slots of shared memory, each image copied into one, and nothing else.

With the flag `copy: no` the other ceiling: one shared buffer that is sent again and again.
"""

import time
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import shared_memory

from benchmarks.clients.task import Array, Task, run
from benchmarks.clients.tensors import INPUT, OUTPUT, outputs

SLOTS = 4


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    client, size = triton.InferenceServerClient(task.endpoint), task.warm_up().nbytes
    name, copies = f"fair_audit_ceiling_{time.monotonic_ns()}", task.flags.get("copy") != "no"
    region = shared_memory.create_shared_memory_region(name, f"/{name}", SLOTS * size)
    try:
        client.register_system_shared_memory(name, f"/{name}", SLOTS * size)
        memory = shared_memory.get_contents_as_numpy(region, np.uint8, [SLOTS, size])
        memory[:] = 0
        try:
            return sent(task, client, name, memory, copies)
        finally:
            client.unregister_system_shared_memory(name)
    finally:
        del memory
        shared_memory.destroy_shared_memory_region(region)


def sent(
    task: Task, client: Any, name: str, memory: Array, copies: bool
) -> tuple[float, list[Array]]:
    """Seconds and answers, through a region that is registered."""
    size, free, answers = memory.shape[1], SimpleQueue[int](), dict[int, Array]()
    inputs = []
    for slot in range(SLOTS):
        tensor = triton.InferInput(INPUT, [task.batch, *task.shape], "UINT8")
        tensor.set_shared_memory(name, size, slot * size if copies else 0)
        inputs.append(tensor)
        free.put(slot)

    def arrived(number: int, slot: int, result: Any, error: Exception | None) -> None:
        if error is None:
            answers[number] = result.as_numpy(OUTPUT)
        free.put(slot)

    client.infer(task.model, [inputs[0]], outputs=outputs())
    batches = task.batches()
    began = time.perf_counter()
    for number, images in enumerate(batches):
        slot = free.get()
        if copies:
            memory[slot] = images.reshape(-1)
        callback = partial(arrived, number, slot)
        client.async_infer(task.model, [inputs[slot]], callback=callback, outputs=outputs())
    for _ in range(SLOTS):
        free.get()
    return time.perf_counter() - began, [answers[number] for number in sorted(answers)]


if __name__ == "__main__":
    run(send)
