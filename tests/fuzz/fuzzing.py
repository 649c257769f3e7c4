"""The loop of a fuzz: odd inputs for a while; nothing but the project's own errors may come out."""

import os
import shutil
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from fairness.errors import FairAuditError

Target = Callable[[np.random.Generator, Path], None]
"""Writes an odd input into an empty folder and reads it."""

SECONDS_A_CASE = 30


def seed() -> int:
    """`FUZZ_SEED`, else 0."""
    return int(os.environ.get("FUZZ_SEED", "0"))


class TooSlowError(Exception):
    """One small input kept a reader busy."""


@contextmanager
def limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlowError(f"still busy after {SECONDS_A_CASE} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS_A_CASE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(target: Target, seconds: float, folder: Path, first: int = 0) -> tuple[int, int]:
    """Run a target on one input after another; how many it read, and how many it refused.

    Args:
        target: what is run.
        seconds: how long.
        folder: where the inputs are written; the one that fails is kept there.
        first: number of the first case.
    """
    end, case, read, refused = time.monotonic() + seconds, first, 0, 0
    print(f"{target.__name__}: FUZZ_SEED={seed()} from case {first} on, {seconds:g} s")
    while time.monotonic() < end or case < first + 5:
        place = folder / f"case_{case}"
        place.mkdir()
        said = ""
        try:
            with limited(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                target(np.random.default_rng([seed(), case]), place)
            read += 1
        except FairAuditError as error:
            said, refused = str(error), refused + 1
        except Exception as error:
            pytest.fail(
                f"{target.__name__} case {case} of FUZZ_SEED={seed()}: {type(error).__name__}: "
                f"{str(error)[:300]!r}; its input is kept in {place}; FUZZ_FIRST={case} repeats it"
            )
        assert said.isprintable()
        shutil.rmtree(place)
        case += 1
    print(f"{target.__name__}: {case - first} cases, {read} read, {refused} refused")
    return read, refused
