"""Batches of a split read ahead by several threads, into memory that is used again.

Decompressing, checksums and the calls that read files let other threads run, so that two readers
keep two cores busy, and whoever asks a model waits for no disk.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Condition, Event, Thread

from fairness.arrays import Array, IntArray
from fairness.datasets.buffers import Buffers, holding
from fairness.datasets.image_cache import ImageCache, read_through
from fairness.datasets.picture import MAX_PIXELS
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.samples import Batch, Sample, stack


@dataclass(frozen=True)
class _Read:
    """What became of a cut."""

    batch: Batch | None = None
    """None where no sample of it could be read."""
    faults: tuple[tuple[int, DataError], ...] = ()
    """Numbers of unusable samples, and why."""
    failure: Exception | None = None
    """Anything else that went wrong."""


def largest(split: Split, cuts: Sequence[IntArray]) -> int:
    """Bytes of the images of the largest batch, which a buffer must hold."""
    pixels = [len(rows) * math.prod(_placed_shape(split, rows[0])) for rows in cuts if len(rows)]
    return max(pixels, default=0) * split.image_type.itemsize


def _placed_shape(split: Split, index: int) -> tuple[int, ...]:
    """Shape of an image that is read into a buffer.

    (0,) of one with a broken header, or that claims more than any image has: `read` says how.
    """
    shape = split.shapes[index]
    return shape if shape and 0 < math.prod(shape) <= MAX_PIXELS else (0,)


def read_ahead(
    split: Split,
    cuts: Sequence[IntArray],
    buffers: Buffers,
    threads: int = 2,
    cache: ImageCache | None = None,
) -> Iterator[Batch]:
    """One batch a cut, in their order, smaller by the samples that are left out.

    The images of a batch lie in a buffer, which whoever is done with them gives back; those of a
    file with a broken header do not. Whoever made the buffers closes them, which ends readers that
    wait for one.

    Args:
        split: whose samples are read.
        cuts: numbers of the samples of each batch, with images of one shape (`samples.cut`).
        buffers: at least one, of at least `largest(split, cuts)` bytes.
        threads: that read, each a batch at a time.
        cache: of decoded images, or none.

    Raises:
        DataError: a file is unusable, and the split was opened to stop there; of several, the
            first in the order of the cuts.
        ClosedError: the buffers were closed before the last batch.
    """
    readers = _Readers(split, cuts, buffers, cache)
    for _ in range(threads):
        Thread(target=readers.run, name="reader", daemon=True).start()
    try:
        for number in range(len(cuts)):
            found = readers.wait_for(number)
            for index, fault in found.faults:
                split.leave_out(index, fault)
            if found.failure is not None:
                raise found.failure
            if found.batch is not None:
                yield found.batch
    finally:
        readers.stop()


class _Readers:
    """What the threads share."""

    def __init__(
        self,
        split: Split,
        cuts: Sequence[IntArray],
        buffers: Buffers,
        cache: ImageCache | None,
    ) -> None:
        self._split, self._cuts, self._buffers, self._cache = split, cuts, buffers, cache
        self._changed = Condition()
        self._promised = self._begun = 0
        self._found: dict[int, _Read] = {}
        self._stopped = Event()

    def run(self) -> None:
        """Read cuts until there are no more.

        A reader takes a buffer first and then the earliest cut that nobody has, so that whoever
        has the cut that is waited for has its buffer, too. It waits for a buffer only where a cut
        is left for it.
        """
        while True:
            with self._changed:
                if self._stopped.is_set() or self._promised == len(self._cuts):
                    return
                self._promised += 1
            memory, failure = self._taken()
            with self._changed:
                number = self._begun
                self._begun += 1
            found = _Read(failure=failure) if memory is None else self._read(number, memory)
            with self._changed:
                is_wanted = not self._stopped.is_set()
                if is_wanted:
                    self._found[number] = found
                    self._changed.notify_all()
            if not is_wanted:
                self._give_back(found)

    def _taken(self) -> tuple[Array | None, Exception | None]:
        """A buffer, or why there is none."""
        try:
            return self._buffers.take(), None
        except Exception as error:  # whoever waits for the batch raises it
            return None, error

    def _read(self, number: int, memory: Array) -> _Read:
        """Read the samples of a cut; frees memory that no batch lies in."""
        found = _Read()
        try:
            found = self._read_into(self._cuts[number].tolist(), memory)
        except Exception as error:  # whoever waits for the batch raises it
            found = _Read(failure=error)
        finally:
            if found.batch is None or holding([memory], found.batch.images) is None:
                self._buffers.give_back(memory)
        return found

    def _read_into(self, rows: list[int], memory: Array) -> _Read:
        split, read, faults = self._split, list[Sample](), []
        shape = _placed_shape(split, rows[0]) if rows else (0,)
        needed = len(rows) * math.prod(shape) * split.image_type.itemsize
        images = memory[:needed].view(split.image_type).reshape(len(rows), *shape)
        for index in rows:
            if self._stopped.is_set():
                break
            try:
                read.append(self._one(index, images[len(read)]) if needed else split.read(index))
            except DataError as error:
                faults.append((index, error))
        return _Read(
            stack(read, images[: len(read)] if needed else None) if read else None, tuple(faults)
        )

    def _one(self, index: int, out: Array) -> Sample:
        if self._cache is None:
            return self._split.read_into(index, out)
        return read_through(self._cache, self._split, index, out)

    def wait_for(self, number: int) -> _Read:
        """What became of a cut, once it is read."""
        with self._changed:
            while number not in self._found:
                self._changed.wait()
            return self._found.pop(number)

    def stop(self) -> None:
        """Let every reader end with the sample that it has, and free what nobody will use."""
        with self._changed:
            self._stopped.set()
            unused = list(self._found.values())
            self._found.clear()
        for found in unused:
            self._give_back(found)

    def _give_back(self, found: _Read) -> None:
        if found.batch is not None:
            self._buffers.give_back(found.batch.images)
