"""Lines that say what takes long, where nothing else is shown meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from rich.console import Console

FIRST, AGAIN = 2.0, 30.0
"""Seconds until the first line, and from one line to the next."""


@contextmanager
def waiting(text: str, console: Console) -> Iterator[None]:
    """Print `text` when the block has taken two seconds, and then every half minute."""
    done, started = Event(), monotonic()

    def tell() -> None:
        pause = FIRST
        while not done.wait(pause):
            console.print(
                f"{text} ({monotonic() - started:.0f} s) ...", highlight=False, markup=False
            )
            pause = AGAIN

    thread = Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
