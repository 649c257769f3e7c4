"""What a page of two runs shows: groups before and after, and accuracy against the gap."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.compare.comparison import Comparison
from audit.page.forest import Axis, axis_of
from audit.report import layout
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class Line:
    """One group in both runs."""

    group: str
    before: float | None
    """Percent of the axis."""
    after: float | None
    values: str
    change: str
    """With the interval that holds for all groups of the attribute."""
    p: str


@dataclass(frozen=True)
class Duel:
    """One metric of the groups of each attribute, in both runs."""

    label: str
    axis: Axis
    blocks: tuple[tuple[str, tuple[Line, ...]], ...]


@dataclass(frozen=True)
class Cross:
    """One run in a square of accuracy (upwards) against the gap (across), in percent."""

    name: str
    x: float
    y: float
    across: tuple[float, float] | None
    upwards: tuple[float, float] | None


@dataclass(frozen=True)
class Square:
    """Both runs, for one attribute."""

    attribute: str
    label: str
    gap: Axis
    accuracy: Axis
    runs: tuple[Cross, ...]


def duels(comparison: Comparison) -> list[Duel]:
    """One for each metric that people see."""
    tables = [numbers_of(report) for report in (comparison.first, comparison.second)]
    changes = {(c.attribute, c.group_a, c.metric): c for c in comparison.changes}
    attributes = [OVERALL, *plain_attributes(comparison.first)]
    found = []
    for label, metric in tables_of(comparison.first).groups.items():
        places = [
            (attribute, group)
            for attribute, group, name in changes
            if name == metric and attribute in attributes
        ]
        rows = [table.get((*place, metric)) for place in places for table in tables]
        axis = axis_of([shown for row in rows if row is not None and (shown := row)])
        blocks = []
        for attribute in attributes:
            lines = tuple(
                line_of(changes[(*place, metric)], [t.get((*place, metric)) for t in tables], axis)
                for place in places
                if place[0] == attribute
            )
            if lines:
                blocks.append((attribute, lines))
        found.append(Duel(label, axis, tuple(blocks)))
    return found


def line_of(change: Contrast, rows: Sequence[Row | None], axis: Axis) -> Line:
    """One group: where it was, where it is, and by how much it moved."""
    values = [None if row is None else row.value for row in rows]
    before, after = (None if value is None else axis.place(value) for value in values)
    told = [layout.NOT_DEFINED if value is None else f"{value:.3f}" for value in values]
    text = layout.limited(change.value, change.low_adjusted, change.high_adjusted)
    p = "" if change.p is None else layout.p_number(change.p)
    if change.value is None:
        return Line(change.group_a, None, None, "", change.reason or "not defined", "")
    return Line(change.group_a, before, after, " to ".join(told), text, p)


def squares(comparison: Comparison) -> list[Square]:
    """Accuracy against the gap, one square an attribute as recorded."""
    reports = {"first": comparison.first, "second": comparison.second}
    label, metric = next(iter(tables_of(comparison.first).groups.items()))
    found = []
    for attribute in plain_attributes(comparison.first):
        pairs = {}
        for name, report in reports.items():
            table = numbers_of(report)
            overall = table.get((OVERALL, ALL, metric))
            gap = table.get((attribute, ALL, f"{metric}_difference"))
            if overall and gap and overall.value is not None and gap.value is not None:
                pairs[name] = (overall, gap)
        if len(pairs) == len(reports):
            upwards = axis_of([overall for overall, _ in pairs.values()])
            across = axis_of([gap for _, gap in pairs.values()])
            crosses = tuple(cross(n, o, g, across, upwards) for n, (o, g) in pairs.items())
            found.append(Square(attribute, label, across, upwards, crosses))
    return found


def cross(name: str, overall: Row, gap: Row, across: Axis, upwards: Axis) -> Cross:
    """A run's point with its intervals."""
    of_gap = (
        None
        if gap.low is None or gap.high is None
        else (across.place(gap.low), across.place(gap.high))
    )
    of_all = None
    if overall.low is not None and overall.high is not None:
        of_all = (100 - upwards.place(overall.low), 100 - upwards.place(overall.high))
    x, y = across.place(gap.value or 0.0), 100 - upwards.place(overall.value or 0.0)
    return Cross(name, x, y, of_gap, of_all)


def numbers_of(report: GroupReport) -> dict[tuple[str, str, str], Row]:
    """(attribute, group, metric) to row."""
    return {(row.attribute, row.group, row.metric): row for row in report.rows}
