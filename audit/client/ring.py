"""Slots of equal size in a region of shared memory, taken and given back."""

from threading import Condition

from audit.client.cuda_memory import CudaRegion
from audit.client.shared_memory import Region
from fairness.arrays import Array
from fairness.datasets.buffers import ClosedError

PAGE = 4096


def slot_bytes(size: int) -> int:
    """Bytes of a slot that holds `size`: whole pages."""
    return -(-size // PAGE) * PAGE


class Ring:
    """Slots of a region, as `Buffers` (fairness/datasets/buffers.py).

    The one given back last is taken first: its memory is the likeliest to be in a cache.
    """

    def __init__(self, region: Region | CudaRegion, start: int, number: int, size: int) -> None:
        """Slots of `size` bytes, one after another from `start` bytes into the region on."""
        self.region, self.start, self.number, self.size = region, start, number, size
        self.stride = slot_bytes(size)
        self._free = list(range(number))
        self._changed = Condition()
        self._closed = False

    @property
    def free(self) -> int:
        """Slots that nobody has."""
        return len(self._free)

    def take(self) -> Array:
        """As `Buffers.take`."""
        with self._changed:
            while not self._free and not self._closed:
                self._changed.wait()
            if self._closed:
                raise ClosedError
            return self._slot(self._free.pop())

    def take_free(self) -> Array | None:
        """Memory of (size,) uint8, or None where all slots are taken."""
        with self._changed:
            return self._slot(self._free.pop()) if self._free and not self._closed else None

    def give_back(self, images: Array) -> None:
        """As `Buffers.give_back`; a slot that is free already stays so."""
        place = self.region.place_of(images)
        number = -1 if place is None else (place - self.start) // self.stride
        with self._changed:
            if 0 <= number < self.number and number not in self._free:
                self._free.append(number)
                self._changed.notify()

    def close(self) -> None:
        """As `Buffers.close`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _slot(self, number: int) -> Array:
        first = self.start + number * self.stride
        return self.region.memory[first : first + self.size]
