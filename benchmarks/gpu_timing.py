"""Time and memory of a training step, and tables that a failure does not stop."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from fairness.text import printable

WARM_STEPS, WARM_SECONDS = 3, 2.0
STEPS, SECONDS = 20, 3.0
"""A step is repeated until either is reached."""


@dataclass(frozen=True)
class Timed:
    """What a step took."""

    images_s: float
    milliseconds: float
    peak: float
    """Most memory of the GPU that tensors held, GiB; 0 on a CPU."""

    def cells(self) -> list[str]:
        """As cells of a table."""
        return [f"{self.images_s:,.0f}", f"{self.milliseconds:,.1f}", f"{self.peak:.1f}"]


def timed(step: Callable[[], object], images: int) -> Timed:
    """Repeat a step of so many images, first to warm up and then by the clock."""
    _repeat(step, WARM_STEPS, WARM_SECONDS)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    steps, seconds = _repeat(step, STEPS, SECONDS)
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0
    return Timed(images * steps / seconds, 1000 * seconds / steps, peak)


def guarded_row(names: list[str], width: int, work: Callable[[], list[str]]) -> list[str]:
    """A row of a table: its names and what `work` answers, or the one line of its failure."""
    try:
        cells = work()
    except Exception as error:  # whatever fails, the other rows are still wanted
        cells = [one_line(error)]
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    row = [*names, *cells]
    return row + [""] * (width - len(row))


def guarded_rows(name: str, width: int, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows; where they break off, a last one with the reason."""
    try:
        yield from rows
    except Exception as error:  # such as a model that cannot be built
        yield [name, one_line(error), *[""] * (width - 2)]


def one_line(error: Exception) -> str:
    """What failed, as a cell of a table."""
    first = (str(error).splitlines() or [""])[0][:160]
    return printable(f"failed: {type(error).__name__}: {first}").replace("|", "/")


def table(head: list[str], rows: Iterator[list[str]]) -> str:
    """A markdown table; every row is printed as it comes, so that a stopped run shows the rest."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    print(*lines, sep="\n", flush=True)
    for row in rows:
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def _repeat(step: Callable[[], object], most: int, seconds: float) -> tuple[int, float]:
    _wait()
    start = time.perf_counter()
    done, took = 0, 0.0
    while done < most and took <= seconds:
        step()
        _wait()
        done, took = done + 1, time.perf_counter() - start
    return done, took


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
