"""Peak memory of an audit's streaming, by the number of samples.

Run: OMP_NUM_THREADS=1 python -m benchmarks.memory

A process opens a split, reads it ahead into reused memory, gets an answer to every batch, writes
it to a journal, and reads that back: everything of an audit that lasts as long as the split is
long, but for the server, whose stand-in answers from the mean of each image, and the statistics.
The peak is that of the whole process (`ru_maxrss`), Python and numpy included.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from audit.records.journal import Journal
from benchmarks.many_files import write_many
from fairness.arrays import Array
from fairness.contract import Threshold
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.evaluate import readings
from fairness.group_input import RECORDED
from fairness.samples import Batch, cut
from fairness.tasks.binary import BinaryTask
from fairness.tasks.task import Choices

SHAPE, BATCH, READERS, IN_FLIGHT = (224, 224), 32, 2, 4


def stream(folder: Path, journal_folder: Path) -> None:
    """Stream a split; prints the samples answered, and peaks in MB: when opened, and at the end."""
    split = FairVLMed(folder, "test")
    opened = peak()
    cuts = cut(split.shapes, BATCH)
    buffers = PlainBuffers(READERS + IN_FLIGHT + 1, largest(split, cuts))

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, dict[str, Array]]]:
        for batch in batches:
            means = batch.images.reshape(len(batch), -1).mean(axis=1, keepdims=True) / 255
            yield batch, {RECORDED: means.astype(np.float32)}
            buffers.give_back(batch.images)

    task = BinaryTask.make(
        Choices(Threshold(value=0.5, rule="given", split="val", split_sha256=""))
    )
    batches = read_ahead(split, cuts, buffers, READERS)
    with Journal(journal_folder / "journal.sqlite", {"model": "a stand-in"}, resume=False) as kept:
        for found in readings(batches, predict, task.read):
            kept.record(found)
        answered = len(kept.readings(task))
    print(answered, opened, peak())


def peak() -> float:
    """Largest memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, nargs="+", default=[2_000, 100_000])
    parser.add_argument("--one", nargs=2, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        stream(Path(arguments.one[0]), Path(arguments.one[1]))
        return
    print("| samples | peak when opened, MB | peak at the end, MB | of the smallest |")
    print("|--:|--:|--:|--:|")
    first = 0.0
    for count in arguments.samples:
        with tempfile.TemporaryDirectory() as made:
            folder = write_many(Path(made) / "data", count, SHAPE, compressed=False)
            command = [sys.executable, "-m", "benchmarks.memory", "--one", str(folder), made]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        answered, opened, end = (float(word) for word in said.split())
        assert answered == count
        first = first or end
        print(f"| {count:,} | {opened:.0f} | {end:.0f} | {end / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
