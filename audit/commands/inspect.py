"""`fair-audit inspect`: what a data set can show, before any inference."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from audit.flags import CommaNames
from audit.inspection import inspect_folder, inspect_table
from audit.table_flags import TableFlags, check_no_flags, is_table, table_columns
from audit.table_wanted import check_no_pictures
from fairness.guard import DEBUG_HELP

HELP = """What a data set can show, before any inference: groups by label, unknown values,
duplicates, patients that cross splits, and the gaps that each group could show. Every image and
mask is read once, as training and audit will do, so that what they would refuse is found here.

Examples:

  fair-audit inspect data/fairvlmed

  fair-audit inspect data/fairseg --dataset fairseg --attributes scanner,diagnosis

  fair-audit inspect data/GRAPE --target progression_plr2

  fair-audit inspect patients.csv --file image --target glaucoma --attributes sex,scanner
"""


@dataclass(frozen=True)
class InspectOptions:
    """Arguments of `fair-audit inspect`."""

    data: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR|TABLE")]
    """Folder of the data set, or a csv or parquet table."""
    table: tyro.conf.OmitArgPrefixes[TableFlags]
    dataset: str = "fairvlmed"
    """Which reader understands the folder."""
    attributes: CommaNames = ()
    """Of a table, its columns of groups; of a folder, further keys or columns that are groups."""


def inspect(arguments: list[str], console: Console) -> int:
    """`fair-audit inspect`; the exit code."""
    options = tyro.cli(
        InspectOptions, prog="fair-audit inspect", description=HELP + DEBUG_HELP, args=arguments
    )
    data, flags = options.data, options.table
    if is_table(data):
        inspect_table(data, table_columns(data, flags, options.attributes), console)
        return 0
    check_no_pictures(data)
    check_no_flags(replace(flags, target=None), data)
    inspect_folder(options.dataset, data, flags.target, options.attributes, console)
    return 0
