"""`fair-audit watch`: the same audit again and again, each run added to a history."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from audit.client.headers import refuse_loose_headers
from audit.monitoring.again import Watch, watch_model
from audit.monitoring.every import seconds_of
from audit.monitoring.history import read_history
from audit.monitoring.trend import TrendFlags, trend_of
from audit.options import Options
from audit.out_folder import check_writable
from audit.prometheus import check_metrics_file
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP

HELP = """Run an audit again and again. Its flags come after --; each run goes into a folder of its
own, DIR/YYYYMMDD-HHMMSS (UTC), and is added to DIR/history.parquet, of which DIR/trend.html shows
every number over time and the changes that control charts find. The charts are for audits on new
people each time: let --data name a table that you fill anew. An audit that fails is said and
recorded, and the next one comes. Ctrl-C and SIGTERM end the watch with 0; after --times N the exit
code is that of the last audit.

Examples:

  fair-audit watch --every 24h --out audits -- --model fairclip --data patients.csv

  fair-audit watch --times 1 --out audits -- --model fairclip --data patients.csv --policy p.yaml

  fair-audit watch --every 7d --metrics-file /var/lib/node_exporter/fair_audit.prom -- --model clip
"""


@dataclass(frozen=True)
class WatchOptions:
    """Flags of `fair-audit watch`, before --."""

    every: Annotated[str, tyro.conf.arg(metavar="TIME")] = "24h"
    """From the beginning of one audit to that of the next: 90s, 30m, 24h, 7d."""
    times: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """So many audits; without it, until Ctrl-C. 1: for a job that comes every night by itself."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("reports/watch")
    """Folder of the runs, their history and its page."""
    trend: tyro.conf.OmitArgPrefixes[TrendFlags] = field(default_factory=TrendFlags)

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        seconds_of(self.every)
        if self.times is not None and self.times < 1:
            raise UsageError("--times must be at least 1")


def watch(arguments: list[str], console: Console) -> int:
    """`fair-audit watch`; 0 after Ctrl-C, else the exit code of the last audit.

    Raises:
        UsageError: a flag makes no sense here.
        DataError: there is a history that cannot be read.
    """
    place = arguments.index("--") if "--" in arguments else len(arguments)
    options = tyro.cli(
        WatchOptions,
        prog="fair-audit watch",
        description=HELP + DEBUG_HELP,
        args=arguments[:place],
    )
    flags = arguments[place + 1 :]
    if not flags:
        raise UsageError("give the flags of the audit after --: fair-audit watch -- --model NAME")
    refuse_loose_headers(flags)
    audited = tyro.cli(Options, prog="fair-audit watch ... --", args=flags)
    refuse_own(audited)
    check_metrics_file(options.trend.metrics_file)
    check_writable(options.out)
    history = read_history(options.out)
    if history.table.num_rows:
        trend_of(history, options.trend)
    every = seconds_of(options.every)
    words = ["watch", *arguments]
    return watch_model(
        Watch(audited, options.trend, options.out, every, options.times, words), console
    )


def refuse_own(options: Options) -> None:
    """Refuse flags of an audit that the watch has itself.

    Raises:
        UsageError: one is given.
    """
    if options.out is not None or options.metrics_file is not None:
        flag = "--out" if options.out is not None else "--metrics-file"
        raise UsageError(f"{flag} is of the watch; give it before --")
    if options.shard is not None:
        raise UsageError("--shard is of a single run; leave it out of a watch")
    if options.resume:
        raise UsageError("--resume is of a single run; leave it out of a watch")
