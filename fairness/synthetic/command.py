"""Runs a writer of synthetic data as a command: progress, errors in one line, exit codes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fairness.synthetic.recipe import AnyRecipe
from fairness.errors import FairAuditError

Progress = Callable[[int, int], None]
"""Told after each image how many are written, and how many there will be."""

RecipeT = TypeVar("RecipeT", bound=AnyRecipe)


def write_and_report(
    program: str,
    out: Path,
    recipe: RecipeT,
    write: Callable[[Path, RecipeT, Progress], None],
) -> int:
    """Write the data set of a recipe to `out`, say so, and return the exit code."""
    try:
        write(out, recipe, _Reporter())
    except FairAuditError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{program}: interrupted; go on with the same command", file=sys.stderr)
        return 130
    print(f"{out}: {recipe.extent()}")
    print(recipe.statement())
    return 0


class _Reporter:
    """Prints a line of progress every two seconds."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= 2:
            self._last = now
            rate = done / (now - self._start)
            left = (total - done) / rate
            print(f"{done}/{total} images, {rate:.0f} images/s, {left:.0f} s left", file=sys.stderr)
