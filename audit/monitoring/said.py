"""What the terminal says of runs that were added, and of what the charts found."""

from collections.abc import Sequence

from rich.console import Console

from audit.monitoring.changed import change_line
from audit.monitoring.files import PAGE
from audit.monitoring.run import Run
from audit.monitoring.trend import Trend


def say_added(runs: Sequence[tuple[Run, bool]], console: Console) -> None:
    """A line a run: added or not, counted or not, and why."""
    for run, new in runs:
        if not new:
            line = f"{run.folder}: in the history already"
        elif run.counted:
            checked = run.seen_before is not None
            line = f"{run.folder}: added" + (
                "" if checked else "; whether its people are new was not checked"
            )
        else:
            line = f"{run.folder}: added, but not counted: {run.not_counted}"
        console.print(line, highlight=False, markup=False)


def say_trend(trend: Trend, console: Console) -> None:
    """The changes that were found, and where the page is."""
    for series, alarm in trend.found():
        line = f"change: {change_line(trend, series, alarm)}"
        console.print(line, highlight=False, markup=False, style="red")
    if trend.charts:
        console.print(trend.rule, highlight=False, markup=False)
    else:
        line = "no chart yet: two audits on new people are needed"
        console.print(line, highlight=False, markup=False)
    console.print(f"trend: {trend.folder / PAGE}", highlight=False, markup=False)
