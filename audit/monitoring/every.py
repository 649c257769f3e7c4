"""When the next audit begins."""

import re
import time
from datetime import datetime

from rich.console import Console

from fairness.errors import UsageError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 3600.0
"""Seconds of one sleep: a machine that was suspended meanwhile is not late by more."""


def seconds_of(text: str) -> float:
    """`24h`, `30m`, `90s` or `7d` in seconds.

    Raises:
        UsageError: it is none of them, below a second or above a year.
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd])", text)
    seconds = float(found[1]) * UNITS[found[2]] if found else 0.0
    if not 1 <= seconds <= 366 * UNITS["d"]:
        raise UsageError(f"--every {text}: give 90s, 30m, 24h or 7d, from a second to a year")
    return seconds


def next_begin(first: float, every: float, now: float) -> float:
    """The next time on the grid of `first` and `every`, all in seconds; those missed are left out.

    An audit that takes longer than the pause so begins at the next time after its end.
    """
    return first + every * (1 + (now - first) // every)


def sleep_until(begin: float, console: Console) -> None:
    """Wait, and say until when."""
    left = begin - time.time()
    if left <= 0:
        return
    at = datetime.fromtimestamp(begin).strftime("%Y-%m-%d %H:%M:%S")
    console.print(f"next audit at {at}, in {duration(left)}", highlight=False, markup=False)
    while (left := begin - time.time()) > 0:
        time.sleep(min(left, LONGEST))


def duration(seconds: float) -> str:
    """`23 h 59 min`, `12 min`, `40 s`."""
    hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
