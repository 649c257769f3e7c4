"""Time to open a split of 20,000 files: without an index, with a new one, and with it.

Run: OMP_NUM_THREADS=1 python -m benchmarks.open_split

The files are npz files, PNG files of a table, and the same in the layout of FairFedMed-Chest. Each
opening is a process of its own, and the files are in the page cache. Besides
wall-clock time the CPU time of the opening, which other work on the machine disturbs less.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.many_files import write_many, write_table
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import Split
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns

TURNS = 3


def opened(layout: str, path: Path, index: bool) -> None:
    """Open the split; prints seconds, CPU seconds and its fingerprint."""
    wall, cpu = time.perf_counter(), time.process_time()
    split: Split
    if layout == "table":
        columns = TableColumns(target="disease_label", attributes=("race_label", "gender_label"))
        split = TableSplit(path, "test", columns, index=index)
    elif layout == "chest":
        split = FairFedMedChest(path.parent, "test", index=index)
    else:
        split = FairVLMed(path, "test", index=index)
    seconds = time.perf_counter() - wall, time.process_time() - cpu
    print(*seconds, len(split), split.fingerprint())


def ask(layout: str, path: Path, cache: Path, index: str) -> list[str]:
    """What a process of its own says."""
    command = [sys.executable, "-m", "benchmarks.open_split", "--one", layout, str(path), index]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout.split()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--one", nargs=3, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        opened(arguments.one[0], Path(arguments.one[1]), arguments.one[2] == "index")
        return
    with tempfile.TemporaryDirectory() as made:
        count = arguments.files
        npz = write_many(Path(made) / "npz", count, (16, 16), compressed=False)
        table = write_table(Path(made) / "pictures", count, (64, 64))
        print(f"| {count} files | opened | seconds | CPU seconds | range of CPU, {TURNS} turns |")
        print("|---|---|--:|--:|--:|")
        for layout, path in (("npz", npz), ("table", table), ("chest", table)):
            measure(layout, path, Path(made))


def measure(layout: str, path: Path, made: Path) -> None:
    """Print the lines of one layout."""
    rows: dict[str, list[list[float]]] = {"no index": [], "first time": [], "second time": []}
    prints = set()
    for turn in range(TURNS):
        cache = made / f"cache {layout} {turn}"
        for name, index in zip(rows, ("none", "index", "index"), strict=True):
            *seconds, files, fingerprint = ask(layout, path, cache, index)
            rows[name].append([float(value) for value in seconds])
            prints.add((files, fingerprint))
    assert len(prints) == 1, prints
    for name, found in rows.items():
        wall, cpu = np.median(found, axis=0)
        low, high = np.min(found, axis=0)[1], np.max(found, axis=0)[1]
        print(f"| {layout} | {name} | {wall:.2f} | {cpu:.2f} | {low:.2f} to {high:.2f} |")


if __name__ == "__main__":
    main()
