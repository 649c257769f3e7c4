"""The flags of `fair-audit bench`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from audit.bench.rules import Rules
from audit.model_flags import ModelFlags
from fairness.errors import UsageError

MOST_IN_FLIGHT = 1024
MOST_POINTS = 200
"""Of one sweep."""


def sizes_in(text: str) -> tuple[int, ...]:
    """`1,2,4` as numbers from 1 on.

    Raises:
        ValueError: it is anything else.
    """
    words = text.split(",")
    if not all(word.isascii() and word.isdecimal() and 0 < len(word) < 8 for word in words):
        raise ValueError(f"'{text}': give whole numbers from 1 on, separated by commas")
    numbers = tuple(int(word) for word in words)
    if min(numbers) < 1:
        raise ValueError(f"'{text}': give whole numbers from 1 on, separated by commas")
    return numbers


Sizes: TypeAlias = Annotated[
    tuple[int, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="N,N,...",
        instance_from_str=lambda words: sizes_in(words[0]),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda numbers: [",".join(map(str, numbers))],
    ),
]
"""Numbers separated by commas, as one word."""


@dataclass(frozen=True)
class BenchOptions:
    """Flags of `fair-audit bench`."""

    flags: tyro.conf.OmitArgPrefixes[ModelFlags] = field(default_factory=ModelFlags)
    batch: Sizes = ()
    """Images of a request; without it, as many as an audit would send."""
    in_flight: Sizes = (1, 2, 4, 8)
    """Requests that are with the server at the same time (perf_analyzer's concurrency)."""
    synthetic_input: bool = False
    """Send random numbers; needs no data."""
    shape: Sizes = ()
    """Of a synthetic image, where the model takes any: height and width, or as the model has it."""
    rules: tyro.conf.OmitArgPrefixes[Rules] = field(default_factory=Rules)
    out: Path = Path("reports/bench")
    """Folder for bench.csv, bench.json and bench.html."""
    strict: bool = False
    """Exit with 4 where the recommended point is not stable, or a cache may have answered."""
    progress: Literal["points", "windows"] = "points"
    """Say a line for each point, or for each window too."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        rules = self.rules
        counts = (
            rules.measurement_interval, rules.measurement_request_count, rules.max_trials,
        )  # fmt: skip
        if min(counts) < 1 or rules.warmup_request_count < 0:
            raise UsageError(
                "--measurement-interval, --measurement-request-count and --max-trials must be at "
                "least 1, and --warmup-request-count not negative"
            )
        if not 0 < rules.stability_percentage < 1000:
            raise UsageError("--stability-percentage must be above 0")
        if max(self.in_flight) > MOST_IN_FLIGHT:
            raise UsageError(f"--in-flight: at most {MOST_IN_FLIGHT}")
        if max(1, len(self.batch)) * len(self.in_flight) > MOST_POINTS:
            raise UsageError(f"--batch and --in-flight: more than {MOST_POINTS} points")
        if self.flags.transport != "auto" and self.flags.connection.by_rest:
            raise UsageError(
                f"--transport {self.flags.transport}: REST has a way of its own; leave it out"
            )
        if self.shape and not self.synthetic_input:
            raise UsageError("--shape is of synthetic images; add --synthetic-input")
        if self.synthetic_input and self.flags.data is not None:
            raise UsageError("--synthetic-input sends no --data; leave out one of them")
