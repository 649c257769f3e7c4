"""Changes of numbers in words, as the charts found them."""

from audit.monitoring.marks import is_of_model
from audit.monitoring.series import Series
from audit.monitoring.trend import Trend
from audit.report import layout
from fairness.attributes import OVERALL
from fairness.statistics.change_points import Alarm

WHEN = "%Y-%m-%d %H:%M"


def change_line(trend: Trend, series: Series, alarm: Alarm) -> str:
    """What changed, in which run it was found, since when, from where to where."""
    since, run = (trend.runs[k].time.strftime(WHEN) for k in (alarm.since, alarm.run))
    before, after = levels(trend, series, alarm)
    moved = "rose" if alarm.up else "fell"
    line = (
        f"{whole_name(series)} {moved} from {before:.3f} to {after:.3f}, probably since the run of "
        f"{since}; found by that of {run}"
    )
    marks = [
        f"{mark} at {trend.runs[k].time.strftime(WHEN)}"
        for k in range(alarm.since, alarm.run + 1)
        if trend.runs[k].model == series.model and is_of_model(mark := trend.marks[k])
    ]
    return "; ".join([line, *marks])


def levels(trend: Trend, series: Series, alarm: Alarm) -> tuple[float, float]:
    """Plain means of the counted runs before a change, and from it until it was found."""
    chart = next(one.chart for one in trend.charts if one.series is series)
    begun = max((one.run + 1 for one in chart.alarms if one.run < alarm.run), default=0)
    values = [
        (k, point.value)
        for k, point in enumerate(series.points)
        if point is not None and trend.runs[k].counted and begun <= k <= alarm.run
    ]
    sides = [[v for k, v in values if (k >= alarm.since) == later] for later in (False, True)]
    before, after = (sum(side) / len(side) for side in sides)
    return before, after


def whole_name(series: Series) -> str:
    """`race, Black - White, auc`, with a label before it."""
    attribute = "" if series.attribute == OVERALL else series.attribute
    parts = (series.label, attribute, name_of(series), series.metric.replace("_", " "))
    return ", ".join(filter(None, parts))


def name_of(series: Series) -> str:
    """A group, a pair of groups, or everybody."""
    if series.against is not None:
        return layout.pair(series.group, series.against)
    return "everybody" if series.attribute == OVERALL else series.group
