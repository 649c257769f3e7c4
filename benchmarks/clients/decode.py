"""A ceiling: this project's readers alone, with as many threads as an audit has, and no server."""

import json
import sys
import time
from pathlib import Path

from benchmarks.clients.task import Task, say
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.catalogue import open_split
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.samples import cut

THREADS = 2


def main() -> None:
    """Read the split of the task in `sys.argv`; print how long it took."""
    task = Task(**json.loads(sys.argv[1]))
    split = open_split(task.flags["dataset"], Path(task.folder), "test")
    cuts = cut(split.shapes, task.batch)
    buffers = PlainBuffers(THREADS + 2, largest(split, cuts))
    images, began = 0, time.perf_counter()
    for batch in read_ahead(split, cuts, buffers, THREADS):
        images += len(batch)
        buffers.give_back(batch.images)
    say(images, time.perf_counter() - began)


if __name__ == "__main__":
    main()
