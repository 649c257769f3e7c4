"""`fair-audit history`: runs added to a history, and its page of the numbers over time."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from audit.monitoring.adding import add_runs, reports_in
from audit.monitoring.files import write_trend
from audit.monitoring.history import FILE, read_history
from audit.monitoring.said import say_added, say_trend
from audit.monitoring.trend import TrendFlags
from audit.prometheus import check_metrics_file, write_metrics
from audit.waiting import waiting
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP

HELP = """Add runs to DIR/history.parquet, each once, and write DIR/trend.html and DIR/trend.csv:
every number with its interval over time, and the changes that control charts find. For a nightly
job that runs fair-audit itself; fair-audit watch does both. Without runs the page is made anew.

A change that is found is no failure: the exit code is 0.

Examples:

  fair-audit history audits audits/2026-11-27

  fair-audit history audits audits/2026-* --numbers auc,true_positive_rate --false-alarms 0.01

  fair-audit history audits audits/2026-11-27 --metrics-file /var/lib/node_exporter/fair_audit.prom
"""


@dataclass(frozen=True)
class HistoryOptions:
    """Flags of `fair-audit history`."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Folder of the history; made where it is not there."""
    runs: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="RUN")] = ()
    """Folders of runs to add, or of several models' runs."""
    trend: tyro.conf.OmitArgPrefixes[TrendFlags] = field(default_factory=TrendFlags)


def history(arguments: list[str], console: Console) -> int:
    """`fair-audit history`; 0, whatever the charts find.

    Raises:
        UsageError: there is nothing to show, or a run is partial.
        DataError: a run, or the history, cannot be read.
    """
    options = tyro.cli(
        HistoryOptions, prog="fair-audit history", description=HELP + DEBUG_HELP, args=arguments
    )
    check_metrics_file(options.trend.metrics_file)
    if not options.runs and not (options.folder / FILE).exists():
        raise UsageError(f"{options.folder}: it holds no {FILE}; name runs to add")
    with waiting(f"adding {len(options.runs)} runs", console):
        runs = [run for folder in options.runs for run in reports_in(folder) or [folder]]
        say_added(add_runs(options.folder, runs), console)
        trend = write_trend(options.folder, options.trend)
    say_trend(trend, console)
    if options.trend.metrics_file is not None:
        complete = [run for run in read_history(options.folder).runs() if run.error is None]
        newest = {run.model: options.folder / run.folder for run in complete}
        write_metrics(options.trend.metrics_file, list(newest.values()), trend)
        line = f"metrics: {options.trend.metrics_file}"
        console.print(line, highlight=False, markup=False)
    return 0
