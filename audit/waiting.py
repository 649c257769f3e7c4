"""Lines that say what takes long, where nothing else is shown meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from rich.console import Console

FIRST, AGAIN = 2.0, 30.0
"""Seconds until the first line, and from one line to the next."""
LEAST = 0.05
"""Share of the work from which on the time that is left is told."""


@dataclass
class Wait:
    """A block that takes long, and how much of it is done."""

    started: float = field(default_factory=monotonic)
    share: float = 0.0

    def reached(self, share: float) -> None:
        """Of the whole, between 0 and 1."""
        self.share = share

    def __str__(self) -> str:
        seconds = monotonic() - self.started
        if not LEAST <= self.share < 1:
            return f"{seconds:.0f} s"
        left = seconds / self.share - seconds
        return f"{seconds:.0f} s, {self.share:.0%} done, about {left:.0f} s left"


@contextmanager
def waiting(text: str, console: Console) -> Iterator[Wait]:
    """Print `text` when the block has taken two seconds, and then every half minute.

    Where the block tells how much of it is done, the line says so, and how long the rest will take.
    """
    done, wait = Event(), Wait()

    def tell() -> None:
        pause = FIRST
        while not done.wait(pause):
            console.print(f"{text} ({wait}) ...", highlight=False, markup=False)
            pause = AGAIN

    thread = Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield wait
    finally:
        done.set()
        thread.join()
