"""`fair-audit inspect`: what a data set can show, before any inference."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from audit.inspection import inspect_folder
from fairness.guard import DEBUG_HELP

HELP = """What a data set can show, before any inference: groups by label, unknown values,
duplicates, patients that cross splits, and the gaps that each group could show. Every image and
mask is read once, as training and audit will do, so that what they would refuse is found here.

Examples:

  fair-audit inspect data/fairvlmed

  fair-audit inspect data/fairseg --dataset fairseg

  fair-audit inspect data/GRAPE --target progression_plr2
"""


@dataclass(frozen=True)
class InspectOptions:
    """Arguments of `fair-audit inspect`."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """Folder of the data set."""
    dataset: str = "fairvlmed"
    """Which reader understands it."""
    target: str | None = None
    """Key to look at; without it, the data set's own, e.g. glaucoma."""


def inspect(arguments: list[str], console: Console) -> int:
    """`fair-audit inspect`; the exit code."""
    options = tyro.cli(
        InspectOptions, prog="fair-audit inspect", description=HELP + DEBUG_HELP, args=arguments
    )
    inspect_folder(options.dataset, options.folder, options.target, console)
    return 0
