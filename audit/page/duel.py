"""What a page of runs shows: groups before and after, and accuracy against the gap."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.compare.comparison import Comparison
from audit.page.forest import Axis, axis_of
from audit.policy.verdict import label_of
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
    """How many samples, where that is shown, and both values."""
    change: str
    """With the interval that holds for all groups of the attribute."""
    p: str
    """Joint, too."""


@dataclass(frozen=True)
class Duel:
    """One metric of the groups of each attribute, in both runs."""

    label: str
    axis: Axis
    blocks: tuple[tuple[str, tuple[Line, ...]], ...]
    of_label: str = ""
    """One of several labels or classes; empty elsewhere."""


@dataclass(frozen=True)
class Cross:
    """One run in a square of accuracy (upwards) against the gap (across), in percent."""

    number: int
    """0 is the reference."""
    name: str
    x: float
    y: float
    across: tuple[float, float] | None
    upwards: tuple[float, float] | None


@dataclass(frozen=True)
class Square:
    """The runs, for one attribute."""

    attribute: str
    label: str
    gap: Axis
    accuracy: Axis
    runs: tuple[Cross, ...]


def duels(comparison: Comparison) -> list[Duel]:
    """One for each metric that people see of each part; of a single label, the first alone."""
    found: list[Duel] = []
    for first, second in parts_of(comparison):
        label = label_of(first)
        metrics = list(tables_of(first).groups.items())
        several = bool(first is not comparison.first and label)
        found += [
            duel_of(comparison, (first, second), name, metric)
            for name, metric in (metrics[:1] if several else metrics)
        ]
    return [one for one in found if one.blocks]


def parts_of(comparison: Comparison) -> list[tuple[GroupReport, GroupReport]]:
    """Both reports of each part: of all labels together, of each label."""
    one, other = comparison.first, comparison.second
    return list(zip((one, *one.also), (other, *other.also), strict=True))


def duel_of(
    comparison: Comparison, pair: tuple[GroupReport, GroupReport], name: str, metric: str
) -> Duel:
    """One metric of one part."""
    label = label_of(pair[0])
    tables = [numbers_of(report) for report in pair]
    attributes = [OVERALL, *plain_attributes(pair[0])]
    moved = {
        (c.attribute, c.group_a): c
        for c in comparison.changes
        if (c.label, c.metric) == (label, metric) and c.attribute in attributes
    }
    rows = [table.get((*place, metric)) for place in moved for table in tables]
    axis = axis_of([row for row in rows if row is not None])
    blocks = []
    for attribute in attributes:
        lines = tuple(
            line_of(change, [table.get((*place, metric)) for table in tables], axis)
            for place, change in moved.items()
            if place[0] == attribute
        )
        if lines:
            blocks.append((attribute, lines))
    return Duel(f"{label}: {name}" if label else name, axis, tuple(blocks), label)


def line_of(change: Contrast, rows: Sequence[Row | None], axis: Axis) -> Line:
    """One group: where it was, where it is, and by how much it moved."""
    values = [None if row is None else row.value for row in rows]
    before, after = (None if value is None else axis.place(value) for value in values)
    told = [layout.NOT_DEFINED if value is None else f"{value:.3f}" for value in values]
    text = layout.limited(change.value, change.low_adjusted, change.high_adjusted)
    p = "" if change.p_adjusted is None else layout.p_number(change.p_adjusted)
    if change.value is None:
        return Line(change.group_a, None, None, "", change.reason or "not defined", "")
    n = next((row.n for row in rows if row is not None), None)  # the same samples in both
    counted = "" if n is None else f"n {n}, "
    return Line(change.group_a, before, after, counted + " to ".join(told), text, p)


def squares(reports: Sequence[GroupReport], names: Sequence[str]) -> list[Square]:
    """Accuracy against the largest gap, one square an attribute as recorded.

    Args:
        reports: of the runs, on the same samples; the first gives the attributes.
        names: of the runs.
    """
    label, metric = next(iter(tables_of(reports[0]).groups.items()))
    found = []
    for attribute in plain_attributes(reports[0]):
        pairs: dict[int, tuple[Row, Row]] = {}
        for number, report in enumerate(reports):
            table = numbers_of(report)
            overall = table.get((OVERALL, ALL, metric))
            gap = table.get((attribute, ALL, f"{metric}_difference"))
            if overall and gap and overall.value is not None and gap.value is not None:
                pairs[number] = (overall, gap)
        if len(pairs) > 1:
            upwards = axis_of([overall for overall, _ in pairs.values()])
            across = axis_of([gap for _, gap in pairs.values()])
            crosses = tuple(
                cross((k, names[k]), *pair, across, upwards) for k, pair in pairs.items()
            )
            found.append(Square(attribute, label, across, upwards, crosses))
    return found


def cross(run: tuple[int, str], overall: Row, gap: Row, across: Axis, upwards: Axis) -> Cross:
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
    return Cross(*run, x, y, of_gap, of_all)


def numbers_of(report: GroupReport) -> dict[tuple[str, str, str], Row]:
    """(attribute, group, metric) to row."""
    return {(row.attribute, row.group, row.metric): row for row in report.rows}
