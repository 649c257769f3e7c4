"""`fair-audit pool`: one report of the files of several sites."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from rich.console import Console

from audit.out_folder import check_writable
from audit.pool.files import read_site
from audit.pool.report import pooled_report, write_pooled
from audit.pool.shown import print_pooled
from audit.report.terminal import say_where
from audit.waiting import waiting
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.pooling.refusals import check_together
from fairness.statistics.settings import Settings

HELP = """One report of several sites, none of which hands over a row: each sends the file that
fair-audit summary writes. Numbers of all people together, of each site, and standardised over
sites, with intervals; how far the histograms can have moved the pooled AUC stands beside it.

Examples:

  fair-audit pool north.json south.json --out reports/pooled
"""


@dataclass(frozen=True)
class PoolOptions:
    """Flags of `fair-audit pool`."""

    files: tyro.conf.Positional[tuple[Path, ...]]
    """One file a site."""
    out: Path
    """Folder to write report/ and binning.csv into."""
    confidence: float = 0.95
    """Of every interval, in [0.5, 1)."""
    adjust: Literal["holm", "bh"] = "holm"
    """Adjustment of the largest gaps' p-values over attributes: Holm, or Benjamini-Hochberg."""


def pool_command(arguments: list[str], console: Console) -> int:
    """`fair-audit pool`; the exit code."""
    options = tyro.cli(
        PoolOptions, prog="fair-audit pool", description=HELP + DEBUG_HELP, args=arguments
    )
    settings = Settings(confidence=options.confidence, adjust=options.adjust)
    if (options.out / "records").exists():
        raise UsageError(f"--out {options.out} holds a run; name another folder")
    check_writable(options.out)
    files = {}
    for path in options.files:
        if str(path) in files:
            raise UsageError(f"{path}: named twice; name each file once")
        files[str(path)] = read_site(path)
    if not files:
        raise UsageError("name the files of two sites or more")
    notes = check_together(files)
    with waiting(f"pooling {len(files)} sites", console):
        found = pooled_report(files, notes, arguments, settings)
        write_pooled(options.out, found)
    print_pooled(found, console)
    say_where(options.out, console)
    return 0
