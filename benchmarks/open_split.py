"""Time to open a split of 20,000 npz files: without an index, with a new one, and with it.

Run: OMP_NUM_THREADS=1 python -m benchmarks.open_split

Each opening is a process of its own, and the files are in the page cache. Besides wall-clock time
the CPU time of the opening, which other work on the machine disturbs less.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.many_files import write_many
from fairness.datasets.fairvlmed import FairVLMed

TURNS = 3


def opened(folder: Path, index: bool) -> None:
    """Open the split; prints seconds, CPU seconds and its fingerprint."""
    wall, cpu = time.perf_counter(), time.process_time()
    split = FairVLMed(folder, "test", index=index)
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    print(*seconds, len(split), split.fingerprint())


def ask(folder: Path, cache: Path, index: str) -> list[str]:
    """What a process of its own says."""
    command = [sys.executable, "-m", "benchmarks.open_split", "--one", str(folder), index]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout.split()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--one", nargs=2, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        opened(Path(arguments.one[0]), arguments.one[1] == "index")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = write_many(Path(made) / "data", arguments.files, (16, 16), compressed=False)
        rows: dict[str, list[list[float]]] = {"no index": [], "first time": [], "second time": []}
        prints = set()
        for turn in range(TURNS):
            cache = Path(made) / f"cache {turn}"
            for name, index in zip(rows, ("none", "index", "index"), strict=True):
                *seconds, files, fingerprint = ask(folder, cache, index)
                rows[name].append([float(value) for value in seconds])
                prints.add((files, fingerprint))
    assert len(prints) == 1, prints
    print(f"| {arguments.files} files | seconds | CPU seconds | range of CPU, {TURNS} turns |")
    print("|---|--:|--:|--:|")
    for name, found in rows.items():
        wall, cpu = np.median(found, axis=0)
        low, high = np.min(found, axis=0)[1], np.max(found, axis=0)[1]
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {low:.2f} to {high:.2f} |")


if __name__ == "__main__":
    main()
