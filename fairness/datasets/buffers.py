"""Memory that images of batches are read into, used again as soon as a batch is answered.

Fresh memory for every batch is mapped and page-faulted anew by the allocator each time, which costs
more than the reading itself; a fixed number of buffers bounds what readers may run ahead, too.
"""

from collections.abc import Sequence
from threading import Condition
from typing import Protocol

import numpy as np

from fairness.arrays import Array


class ClosedError(Exception):
    """Buffers were closed: whoever waits for one ends. No user ever sees it."""


class Buffers(Protocol):
    """Memory for the images of batches in flight: taken by readers, given back when answered."""

    def take(self) -> Array:
        """Memory of (size,) uint8, writable, with anything in it; waits until one is free.

        Raises:
            ClosedError: they are closed.
        """

    def give_back(self, images: Array) -> None:
        """Free the memory that `images` is a view of; any other array is ignored."""

    def close(self) -> None:
        """End all waiting; what was taken stays readable as long as somebody holds it."""


class PlainBuffers:
    """Buffers in ordinary memory; one is made only when all others are taken."""

    def __init__(self, number: int, size: int) -> None:
        """Args: how many there are at the most, and the bytes of each."""
        self._number, self._size = number, size
        self._made: list[Array] = []
        self._free: list[Array] = []
        self._changed = Condition()
        self._closed = False

    def take(self) -> Array:
        """As `Buffers.take`."""
        with self._changed:
            while not self._closed:
                if self._free:
                    return self._free.pop()
                if len(self._made) < self._number:
                    self._made.append(np.empty(self._size, np.uint8))
                    return self._made[-1]
                self._changed.wait()
            raise ClosedError

    def give_back(self, images: Array) -> None:
        """As `Buffers.give_back`; memory that is free already stays so."""
        with self._changed:
            place = holding(self._made, images)
            if place is None or any(free is self._made[place] for free in self._free):
                return
            self._free.append(self._made[place])
            self._changed.notify()

    def close(self) -> None:
        """As `Buffers.close`."""
        with self._changed:
            self._closed = True
            self._made, self._free = [], []
            self._changed.notify_all()


def holding(buffers: Sequence[Array], images: Array) -> int | None:
    """Number of the one-dimensional buffer in which an array lies, by its address; None if none."""
    start = images.__array_interface__["data"][0]
    for place, buffer in enumerate(buffers):
        first = buffer.__array_interface__["data"][0]
        if first <= start and start + images.nbytes <= first + buffer.nbytes:
            return place
    return None
