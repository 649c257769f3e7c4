"""A line of progress on the error stream every two seconds: how much, how fast, how long yet."""

import sys
import time


class ProgressLine:
    """Called with what is done and what there is to do, in units such as `images`."""

    def __init__(self, unit: str) -> None:
        """Start the clock."""
        self._unit = unit
        self._start = self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Print the line, unless one was printed within two seconds."""
        now = time.monotonic()
        if now - self._last >= 2:
            self._last = now
            rate = max(done, 1) / (now - self._start)
            said = f"{done}/{total} {self._unit}, {rate:.0f} {self._unit}/s"
            print(f"{said}, {(total - done) / rate:.0f} s left", file=sys.stderr)
