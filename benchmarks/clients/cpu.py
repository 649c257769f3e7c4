"""A client as it is, but with processor time in the place of its clock: its own, and a server's.

Arguments: the module of the client, its task, and the process id of the server.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from benchmarks.clients.task import Task


def main() -> None:
    """Run the client; print milliseconds an image of its processor, and of the server's."""
    client = importlib.import_module(f"benchmarks.clients.{sys.argv[1]}")
    task, servers = Task(**json.loads(sys.argv[2])), family(int(sys.argv[3]))
    of_server: list[float] = []

    def clock() -> float:
        of_server.append(sum(map(seconds_of, servers)))
        return time.process_time()

    client.time = SimpleNamespace(perf_counter=clock)  # type: ignore[attr-defined]
    seconds, _ = client.send(task)
    each = 1000 / task.images
    print(json.dumps([seconds * each, (of_server[1] - of_server[0]) * each]))


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        for tasks in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(word) for word in tasks.read_text().split()]
    return found


def seconds_of(pid: int) -> float:
    """Processor time of a process, in its own and the kernel's code."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
