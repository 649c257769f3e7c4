"""Samples and batches of a split, one after another; unusable files are left out or stop it."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from fairness.arrays import IntArray
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.samples import Batch, Sample, stack


def samples(split: Split, order: Iterable[int] | None = None) -> Iterator[Sample]:
    """Decode one sample after another.

    Args:
        split: opened with `on_error="skip"`, its unusable samples are left out and recorded.
        order: numbers of the samples to read; None reads all, sorted by id.

    Raises:
        DataError: a file is unusable, and the split was opened to stop there.
    """
    for index in range(len(split)) if order is None else order:
        try:
            sample = split.read(int(index))
        except DataError as error:
            split.leave_out(int(index), error)
            continue
        yield sample


def decoded(
    split: Split, order: Iterable[int], threads: int = 2
) -> Iterator[tuple[int, Sample | DataError]]:
    """Number and sample, or why it is unusable, one after another; several threads decode ahead.

    At most `4 * threads` samples wait.
    """

    def read(index: int) -> Sample | DataError:
        try:
            return split.read(index)
        except DataError as error:
            return error

    numbers = iter(order)
    with ThreadPoolExecutor(threads, "reader") as pool:
        begun = [(i, pool.submit(read, i)) for i in islice(numbers, 4 * threads)]
        waiting = deque(begun)
        while waiting:
            index, found = waiting.popleft()
            yield index, found.result()
            waiting.extend((i, pool.submit(read, i)) for i in islice(numbers, 1))


def batches(split: Split, cuts: Iterable[IntArray]) -> Iterator[Batch]:
    """One batch a cut (`fairness.samples.cut`), smaller by the samples that are left out.

    Raises:
        DataError: as `samples`.
    """
    for numbers in cuts:
        if found := list(samples(split, numbers)):
            yield stack(found)
