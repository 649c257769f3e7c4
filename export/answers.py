"""`python -m export.answers`: the checkpoint's own answers to a split, as torch computes them.

They are the reference of `fair-audit parity`: the same samples, read and judged by the same code as
the served model's, without export, server or network between.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from export.__main__ import find_checkpoint
from fairness.atomic import write_atomically
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP, guarded

DESCRIPTION = """Answer a split with a training run's best checkpoint in torch, and write
records/outcomes.parquet, the reference of `fair-audit parity --reference`.

Examples:

  python -m export.answers --data data/fairvlmed --out reports/checkpoint

  python -m export.answers runs/fairclip/RUN --split val --out reports/checkpoint
"""


@dataclass(frozen=True)
class AnswersOptions:
    """The arguments of `python -m export.answers`."""

    run: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")] = None
    """Folder of a training run; without it, the newest under runs/."""
    data: Path | None = None
    """Folder of the data in the layout of the model's data set; without it, data/DATASET."""
    split: str = "test"
    """Which split: train, val or test."""
    attributes: str = ""
    """Further npz keys or csv columns that are attributes, separated by commas."""
    batch_size: int = 32
    """Images that are answered together."""
    out: Path = Path("reports/checkpoint")
    """Folder of the reference; replaced where it is there."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if self.batch_size < 1:
            raise UsageError("--batch-size must be at least 1")


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    return guarded("export.answers", "nothing was written", arguments, run_command)


def run_command(arguments: list[str]) -> int:
    """Answer the split and write the file; 0.

    Raises:
        UsageError, DataError: the checkpoint or the data cannot be used.
    """
    options = tyro.cli(
        AnswersOptions,
        prog="python -m export.answers",
        description=DESCRIPTION + DEBUG_HELP,
        args=arguments,
    )
    checkpoint = find_checkpoint(options.run)
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from export.reference import answered_split, stored_rows

    start = time.monotonic()
    answered, metadata = answered_split(
        checkpoint,
        options.data,
        options.split,
        tuple(name.strip() for name in options.attributes.split(",") if name.strip()),
        options.batch_size,
    )
    records = options.out / "records"
    records.mkdir(mode=0o700, parents=True, exist_ok=True)
    records.chmod(0o700)
    path = records / "outcomes.parquet"
    write_atomically(path, stored_rows(answered, metadata), private=True)
    seconds = time.monotonic() - start
    print(f"{len(answered.cases)} samples of the {options.split} split in {seconds:.1f} s: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
