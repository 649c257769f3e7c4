"""tritonclient's asyncio client with four requests in flight."""

import asyncio
import time

import tritonclient.grpc.aio as triton

from benchmarks.clients.task import Array, Task, run
from benchmarks.clients.tensors import OUTPUT, input_of, outputs

IN_FLIGHT = 4


async def sent(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    answers: dict[int, Array] = {}
    async with triton.InferenceServerClient(task.endpoint) as client:
        await client.infer(task.model, [input_of(task.warm_up())], outputs=outputs())
        batches = task.batches()
        waiting = enumerate(batches)

        async def work() -> None:
            for number, images in waiting:
                found = await client.infer(task.model, [input_of(images)], outputs=outputs())
                answers[number] = found.as_numpy(OUTPUT)

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - began
    return seconds, [answers[number] for number in sorted(answers)]


def send(task: Task) -> tuple[float, list[Array]]:
    """Seconds and answers."""
    return asyncio.run(sent(task))


if __name__ == "__main__":
    run(send)
