"""trend.html: the numbers of a history over time, and the changes that its charts find."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.monitoring.changed import WHEN, change_line, name_of, whole_name
from audit.monitoring.marks import is_of_model
from audit.monitoring.run import Run
from audit.monitoring.series import Point, Series
from audit.monitoring.trend import Charted, Trend, is_wanted
from audit.page.forest import Axis, axis_of_numbers
from audit.page.render import environment
from audit.report import layout
from fairness.attributes import OVERALL

LEFT, RIGHT = 3.0, 97.0
"""Percent of the width between which runs are drawn."""
MOST_DRAWN = 120
"""The newest runs, which are drawn; trend.csv holds all."""


@dataclass(frozen=True)
class Dot:
    """A number in one run, in percent of the panel."""

    x: float
    y: float
    low: float | None
    high: float | None
    counted: bool
    said: str


@dataclass(frozen=True)
class Panel:
    """One number over time."""

    title: str
    axis: Axis
    dots: tuple[Dot, ...]
    joined: tuple[tuple[float, float, float, float], ...]
    """Lines between counted runs: x, y, x, y."""
    changes: tuple[tuple[float, float, str], ...]
    """Of each change: where it was found, where it probably began, in words."""
    models: tuple[float, ...]
    """Where another model or threshold came."""
    note: str
    last: str


@dataclass(frozen=True)
class Block:
    """All groups of an attribute in one metric, on one axis."""

    title: str
    panels: tuple[Panel, ...]
    charted: bool
    """Whether changes are looked for."""


@dataclass(frozen=True)
class Line:
    """A run in the table."""

    run: Run
    n: str
    marks: str


def trend_page(trend: Trend) -> str:
    """One file of HTML, which needs no network and no script; every text in it is escaped."""
    runs, begun = trend.runs, max(0, len(trend.runs) - MOST_DRAWN)
    models = list(dict.fromkeys(run.model for run in runs if run.model is not None))
    return (
        environment()
        .get_template("trend.html.jinja")
        .render(
            models=models,
            runs=[line_of(trend, k) for k in reversed(range(begun, len(runs)))],
            left_out=begun,
            n_runs=len(runs),
            n_counted=sum(run.counted for run in runs),
            n_failed=sum(run.error is not None for run in runs),
            rule=trend.rule,
            limit=trend.limit,
            changes=[change_line(trend, series, alarm) for series, alarm in trend.found()],
            blocks={model: blocks_of(trend, model) for model in models},
            charts=[chart_line(one) for one in trend.charts],
            first=when(runs[0]) if runs else "",
            drawn=when(runs[begun]) if runs else "",
            last=when(runs[-1]) if runs else "",
            shared=any(not run.counted and 0 < (run.seen_before or 0) < 1 for run in runs),
            when=when,
        )
    )


def line_of(trend: Trend, k: int) -> Line:
    """The k-th run."""
    of_all = [
        point
        for one in trend.series
        if (one.model, one.attribute, one.rank) == (trend.runs[k].model, OVERALL, 0)
        and (point := one.points[k]) is not None
    ]
    n = layout.NOT_DEFINED if not of_all or of_all[0].n is None else str(of_all[0].n)
    return Line(trend.runs[k], n, trend.marks[k])


def blocks_of(trend: Trend, model: str) -> list[Block]:
    """The charts of one model: the number that its reports lead with, then the others."""
    mine = [one for one in trend.series if one.model == model]
    gaps = {(one.label, one.attribute, one.metric): one for one in mine if one.rank is None}
    ranked = sorted((one for one in mine if one.rank is not None), key=lambda one: one.rank or 0)
    groups: dict[tuple[str, str, str], list[Series]] = {}
    for one in ranked:
        groups.setdefault((one.label, one.attribute, one.metric), []).append(one)
    found = []
    for (label, attribute, metric), series in groups.items():
        gap = gaps.get((label, attribute, f"{metric}_difference"))
        numbers = [number for one in series for number in numbers_of(one)]
        panels = [panel_of(trend, one, axis_of_numbers(numbers)) for one in series]
        if gap is not None:
            panels.append(panel_of(trend, gap, axis_of_numbers(numbers_of(gap))))
        where = "everybody" if attribute == OVERALL else attribute
        title = ", ".join(filter(None, (label, where, metric.replace("_", " "))))
        found.append(Block(title, tuple(panels), is_wanted(series[0], trend.flags)))
    return found


def numbers_of(series: Series) -> list[float]:
    """Values and limits."""
    points = [point for point in series.points if point is not None]
    return [x for one in points for x in (one.value, one.low, one.high) if x is not None]


def panel_of(trend: Trend, series: Series, axis: Axis) -> Panel:
    """One number over time; the changes of pairs are drawn beside their largest gap."""
    runs, begun = trend.runs, max(0, len(trend.runs) - MOST_DRAWN)
    places = [0.0] * begun + places_of(runs[begun:])
    dots = {
        k: dot_of(point, places[k], axis, runs[k])
        for k, point in enumerate(series.points)
        if point is not None and k >= begun
    }
    counted = [dot for dot in dots.values() if dot.counted]
    joined = [(a.x, a.y, b.x, b.y) for a, b in pairwise(counted)]
    other = [k for k, mark in enumerate(trend.marks) if k >= begun and is_of_model(mark)]
    other = [k for k in other if runs[k].model == series.model]
    changes = [
        (places[alarm.run], places[alarm.since], change_line(trend, one, alarm))
        for one, alarm in trend.found()
        if concerns(one, series) and alarm.run >= begun
    ]
    shown = [point for point in series.points if point is not None]
    title = "largest gap" if series.rank is None else name_of(series)
    hidden = len(series.hidden)
    return Panel(
        title=title,
        axis=axis,
        dots=tuple(dots.values()),
        joined=tuple(joined),
        changes=tuple(changes),
        models=tuple(places[k] for k in other),
        note=f"hidden in {hidden} run{'s' if hidden > 1 else ''}" if hidden else "",
        last=layout.limited(shown[-1].value, shown[-1].low, shown[-1].high) if shown else "",
    )


def concerns(changed: Series, series: Series) -> bool:
    """Whether a change is drawn in the panel of a series."""
    same = (changed.model, changed.label, changed.attribute) == (
        series.model,
        series.label,
        series.attribute,
    )
    if series.rank is None:
        gap = f"{changed.metric}_difference" == series.metric
        return same and gap and changed.against is not None
    alike = (changed.metric, changed.group) == (series.metric, series.group)
    return same and alike and changed.against is None


def dot_of(point: Point, x: float, axis: Axis, run: Run) -> Dot:
    """A number in its place."""
    low, high = (None if y is None else 100 - axis.place(y) for y in (point.low, point.high))
    text = f"{when(run)}: {layout.limited(point.value, point.low, point.high)}"
    return Dot(x, 100 - axis.place(point.value), low, high, run.counted, text)


def places_of(runs: Sequence[Run]) -> list[float]:
    """Percent of the width of each run, by its time."""
    if not runs:
        return []
    first, whole = runs[0].time, (runs[-1].time - runs[0].time).total_seconds()
    shares = [(run.time - first).total_seconds() / whole if whole else 0.5 for run in runs]
    return [round(LEFT + (RIGHT - LEFT) * share, 2) for share in shares]


def chart_line(one: Charted) -> tuple[str, str, str, str, str]:
    """A chart in the table: what, newest value, both sums, changes."""
    shown = [point for point in one.series.points if point is not None]
    value = layout.limited(shown[-1].value, shown[-1].low, shown[-1].high)
    sums = [values[values == values][-1:] for values in (one.chart.up, one.chart.down)]
    up, down = (f"{float(last[0]):.2f}" if len(last) else layout.NOT_DEFINED for last in sums)
    return whole_name(one.series), value, up, down, str(len(one.chart.alarms))


def when(run: Run) -> str:
    """Its time, in UTC."""
    return run.time.strftime(WHEN)
