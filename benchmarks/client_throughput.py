"""Images a second that clients get out of one server, side by side in one run.

Run: OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.client_throughput [--quick]

Every client is a process of its own that sends the same images to the same models of this package's
server; clients take turns, five rounds (six from memory), and the medians count. The baseline runs
inside a checkout of its commit. tritony comes from PyPI into a folder of the benchmark. `--quick`
checks that everything runs, in one short round: its numbers say nothing.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.client_claims import WHOLE, claims, claims_table
from benchmarks.client_data import SMALL, write_splits
from benchmarks.client_models import write_models
from benchmarks.client_runs import (
    BASELINE,
    Measured,
    Places,
    checked_out,
    install_tritony,
    measure,
    table,
)
from benchmarks.client_workloads import QUIET, Workload, named, workloads
from serving.launcher import TritonServer

INDEXING = "fair-audit, shared memory"
"""The client whose first run, which is not counted, makes the index for all."""

Found = dict[str, dict[str, Measured]]


def main() -> None:
    """Run all workloads, or those that are named; print tables, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--only", default="", help="workloads whose names hold one of these words")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for every number")
    parser.add_argument(
        "--work", type=Path, default=None, help="folder for the data, while it runs"
    )
    parser.add_argument("--list", action="store_true", help="say what there is, run nothing")
    options = parser.parse_args()
    names = [one.name for one in workloads(1.0, 1, Path())]
    if options.list:
        print("\n".join([*names, WHOLE]))
        return
    if options.quick and not options.only:
        options.only = ",".join((names[1], names[3], names[-1], WHOLE))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleared up
    began = time.monotonic()
    scale, rounds = (0.05, 1) if options.quick else (1.0, options.rounds)
    with ExitStack() as stack:
        work = Path(tempfile.mkdtemp(prefix="clients-", dir=options.work))
        stack.callback(shutil.rmtree, work)
        write_models(work / "models")
        server = stack.enter_context(TritonServer(work / "models"))
        places = Places(work, stack.enter_context(checked_out(work)), install_tritony(work))
        found: Found = {}
        for workload in workloads(scale, rounds, work / "cache"):
            if wanted(workload.name, options.only):
                found[workload.name] = rounds_of(workload, server.grpc_endpoint, work, places)
                print("\n".join(table(workload.name, found[workload.name])), flush=True)
        if wanted(WHOLE, options.only):
            found[WHOLE] = whole_command(server.grpc_endpoint, work, places, scale, min(rounds, 3))
            print("\n".join(whole_table(found[WHOLE])), flush=True)
    print("\n".join(claims_table(claims(found))))
    if options.quick:
        print("--quick: everything ran, and that is all that these numbers say")
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, baseline {BASELINE}, {(time.monotonic() - began) / 60:.0f} minutes")
    if options.json is not None:
        numbers = {w: {c: asdict(m) for c, m in of.items()} for w, of in found.items()}
        options.json.write_text(json.dumps(numbers, indent=1) + "\n")


def wanted(name: str, only: str) -> bool:
    """Whether a workload was asked for."""
    return not only or any(word in name for word in only.split(","))


def rounds_of(workload: Workload, endpoint: str, work: Path, places: Places) -> dict[str, Measured]:
    """The clients in turn, again and again; what a cache needs is read once before."""
    folders = {}
    if workload.splits:
        root = work / f"data-{len(list(work.iterdir()))}"
        folders = write_splits(
            root, workload.kind, dict(workload.splits), compressed=workload.compressed
        )
    found = {client.name: Measured() for client in workload.clients}
    for client in workload.clients:
        if "--cache" in client.flags or client.name == INDEXING:  # they are made here
            measure(client, workload.task(client, endpoint, folders), places, Measured())
    for _ in range(workload.rounds):
        for client in workload.clients:
            task = workload.task(client, endpoint, folders)
            measure(client, task, places, found[client.name])
    return found


def whole_command(
    endpoint: str, work: Path, places: Places, scale: float, rounds: int
) -> dict[str, Measured]:
    """The whole command on 20,000 images, with its defaults, the second time and later."""
    images = max(256, round(20000 * scale))
    folders = write_splits(work / "whole", SMALL, {"all": images})
    workload = Workload(WHOLE, SMALL, "near_free", 0, (), rounds, splits=(("all", images),))
    clients = {
        "fair-audit before, second run": named("", "command", "all", baseline=True),
        "fair-audit, second run": named("", "command", "all"),
    }
    found = {name: Measured() for name in clients}
    for number in range(rounds + 1):
        for name, client in clients.items():
            plain = {k: v for k, v in client.flags.items() if k not in QUIET}
            task = replace(workload.task(client, endpoint, folders), flags=plain)
            measure(client, task, places, found[name] if number else Measured())
    return found


def whole_table(found: dict[str, Measured]) -> Iterable[str]:
    """Seconds of the process, from its start to its end."""
    yield f"### {WHOLE}"
    yield from ("", "| command | seconds, median | least to most | runs |", "|---|--:|--:|--:|")
    for name, one in found.items():
        if not one.wholes:
            yield f"| {name} | not run: {'; '.join(one.faults)[:200]} | | 0 |"
            continue
        least, most = min(one.wholes), max(one.wholes)
        yield f"| {name} | {one.whole:.1f} | {least:.1f} to {most:.1f} | {len(one.wholes)} |"
    yield ""


if __name__ == "__main__":
    main()
