"""trend.html and trend.csv beside a history, made of it alone."""

import csv
import io
from pathlib import Path

import numpy as np

from audit.monitoring.history import read_history
from audit.monitoring.series import Series
from audit.monitoring.trend import Trend, TrendFlags, trend_of
from audit.page.trend import trend_page
from fairness.atomic import write_atomically
from fairness.statistics.change_points import Chart
from fairness.text import csv_cell

COLUMNS = (
    "time", "folder", "model", "version", "counted", "label", "attribute", "group", "against",
    "metric", "value", "low", "high", "n", "hidden", "z", "sum_of_rises", "sum_of_falls", "limit",
    "change", "since",
)  # fmt: skip
PAGE, TABLE = "trend.html", "trend.csv"


def write_trend(folder: Path, flags: TrendFlags) -> Trend:
    """Write both files anew.

    Raises:
        DataError: the history cannot be read.
        UsageError: a number is named that no run has.
    """
    trend = trend_of(read_history(folder), flags)
    write_atomically(folder / TABLE, trend_table(trend))
    write_atomically(folder / PAGE, trend_page(trend))
    return trend


def trend_table(trend: Trend) -> str:
    """One line a number of a run; what no chart has is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    charts: dict[int, Chart] = {id(one.series): one.chart for one in trend.charts}
    pairs = [one.series for one in trend.charts if one.series.against is not None]
    for series in (*trend.series, *pairs):
        for line in lines_of(trend, series, charts.get(id(series))):
            writer.writerow(map(csv_cell, line))
    return text.getvalue()


def lines_of(trend: Trend, series: Series, chart: Chart | None) -> list[tuple[object, ...]]:
    """The lines of one series, run by run."""
    alarms = {alarm.run: alarm for alarm in chart.alarms} if chart else {}
    found: list[tuple[object, ...]] = []
    for k, (run, point) in enumerate(zip(trend.runs, series.points, strict=True)):
        if run.model != series.model or (point is None and k not in series.hidden):
            continue
        limits = (None,) * 4 if point is None else (point.value, point.low, point.high, point.n)
        sums = (chart.z[k], chart.up[k], chart.down[k]) if chart else ()
        of_chart = [None if np.isnan(x) else float(x) for x in sums] or [None] * 3
        alarm = alarms.get(k)
        change = None if alarm is None else ("rose" if alarm.up else "fell")
        since = None if alarm is None else trend.runs[alarm.since].time.isoformat()
        found.append(
            (
                run.time.isoformat(), run.folder, run.model, run.version, int(run.counted),
                series.label, series.attribute, series.group, series.against, series.metric,
                *limits, int(k in series.hidden), *of_chart, trend.limit if chart else None,
                change, since,
            )
        )  # fmt: skip
    return found
