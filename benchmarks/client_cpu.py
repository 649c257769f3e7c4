"""Processor time an image of client and server, today's and the baseline's, 224x224 from memory.

Run: OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.client_cpu

Other work on the machine changes rates at once, and processor time by little. On a machine that
client and server keep busy, the sum of both is what an image costs: whatever the client does, it
cannot be faster than cores over the server's part.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.client_data import SMALL
from benchmarks.client_models import write_models
from benchmarks.client_runs import BASELINE, ROOT, Client, checked_out
from benchmarks.client_workloads import BEFORE, BYTES, SHM
from benchmarks.clients.task import Task
from serving.launcher import TritonServer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=8192)
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {one.name: [] for one in (BEFORE, BYTES, SHM)}
    with tempfile.TemporaryDirectory() as made, checked_out(Path(made)) as baseline:
        write_models(Path(made) / "models")
        with TritonServer(Path(made) / "models") as server:
            for _ in range(options.rounds):
                for client in (BEFORE, BYTES, SHM):
                    task = Task(
                        server.grpc_endpoint, SMALL.model, list(SMALL.shape), SMALL.batch,
                        options.images, flags=client.flags,
                    )  # fmt: skip
                    found[client.name].append(one_run(client, task, server.pid, baseline))
    print(
        "| ms of processor an image, median | client | server | both | most images/s of 2 cores |"
    )
    print("|---|--:|--:|--:|--:|")
    for name, runs in found.items():
        own, other = (statistics.median(part) for part in zip(*runs, strict=True))
        both = own + other
        print(f"| {name} | {own:.3f} | {other:.3f} | {both:.3f} | {2000 / both:,.0f} |")
    print(f"baseline {BASELINE}, {options.rounds} rounds of {options.images} images")


def one_run(client: Client, task: Task, server: int, baseline: Path) -> list[float]:
    """Milliseconds an image of client and server."""
    cwd = baseline if client.baseline else ROOT
    words = [client.module, json.dumps(asdict(task)), str(server)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.clients.cpu", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(cwd), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


if __name__ == "__main__":
    main()
