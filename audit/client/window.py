"""How many batches are with the server at once: as told, or as many as make it faster.

It starts small and doubles while more images come back a second; where they do not, it goes back
and stays. Answers do not depend on it: batches are cut the same and never merged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FIRST, MOST = 2, 16
"""Batches, where nobody says how many."""

SECONDS = 0.4
"""Of a trial, at least."""

GAIN = 1.05
"""By which a larger window must be faster, so that it is worth its memory."""


class InFlight(Protocol):
    """How many batches may be in flight."""

    @property
    def size(self) -> int:
        """Now, 1 or more."""

    def answered(self, images: int) -> None:
        """Learn that a batch of so many images has come back."""


@dataclass
class Window:
    """The number of batches in flight."""

    size: int
    """Now."""
    most: int
    """That it may grow to; where it is `size`, it never changes."""
    clock: Callable[[], float] = time.monotonic
    best: float = 0.0
    """Images a second of the last trial that was worth it."""
    settled: bool = False
    skipped: int = 0
    """Answers since the size changed that belong to the size before."""
    answers: int = 0
    images: int = 0
    began: float = 0.0

    def answered(self, images: int) -> None:
        """Count a batch of so many images that has come back, and grow or settle by it."""
        if self.settled or (self.size >= self.most and not self.best):
            return
        if self.skipped < self.size:
            self.skipped += 1
            self.began = self.clock()
            return
        self.answers += 1
        self.images += images
        seconds = self.clock() - self.began
        if seconds < SECONDS or self.answers < 2 * self.size:
            return
        rate = self.images / seconds
        if rate < self.best * GAIN:
            self.size //= 2
            self.settled = True
        elif 2 * self.size > self.most:
            self.settled = True
        else:
            self.best, self.size = rate, 2 * self.size
            self.skipped = self.answers = self.images = 0


def fixed(size: int) -> Window:
    """A window that stays as it is."""
    return Window(size, size, settled=True)


def tuned(most: int) -> Window:
    """One that finds its size, up to `most`."""
    return Window(min(FIRST, most), most)
