"""Forest plots: groups of one metric on one axis, as lines of a table with drawings in them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audit.report import layout
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import GroupReport, Row


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with numbers under it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Percent of the width, 0 to 100."""
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 2)

    def label(self, tick: float) -> str:
        """The number under a tick, with the digits that tell it from its neighbours."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        return f"{tick:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


@dataclass(frozen=True)
class Line:
    """One group: what is written, and where its point and interval are drawn."""

    group: str
    n: str
    positive: str
    text: str
    """Value and interval, or why there is none."""
    point: float | None
    """Percent of the axis."""
    low: float | None
    high: float | None
    is_worst: bool = False


@dataclass(frozen=True)
class Block:
    """The groups of one attribute."""

    attribute: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Forest:
    """One metric of every group, on one axis."""

    label: str
    metric: str
    axis: Axis
    overall: Line | None
    blocks: tuple[Block, ...]


def forest(
    report: GroupReport,
    label: str,
    metric: str,
    attributes: Sequence[str],
    *,
    mark_lowest: bool = False,
) -> Forest:
    """The groups of some attributes in one metric.

    Args:
        report: the numbers.
        label: what people call the metric.
        metric: its name.
        attributes: which of them, in order.
        mark_lowest: whether the lowest group of each attribute is marked, as the worst.
    """
    table = layout.rows_by_group(report)
    written = {(g.attribute, g.group): g for g in layout.group_lines(report)}
    shown = {
        place: rows[metric]
        for place, rows in table.items()
        if metric in rows and place[0] in (OVERALL, *attributes)
    }
    axis = axis_of([row for place, row in shown.items() if place in written])
    blocks = []
    for attribute in attributes:
        rows = [
            row
            for (name, group), row in shown.items()
            if name == attribute and group != ALL and (name, group) in written
        ]
        worst = lowest(rows) if mark_lowest and len(rows) > 1 else None
        lines = tuple(line_of(report, row, axis, is_worst=row is worst) for row in rows)
        blocks.append(Block(attribute, lines))
    overall = shown.get((OVERALL, ALL))
    return Forest(
        label,
        metric,
        axis,
        None if overall is None else line_of(report, overall, axis),
        tuple(blocks),
    )


def lowest(rows: Sequence[Row]) -> Row | None:
    """The group with the lowest value, the unknown aside; None where no value is shown."""
    known = [row for row in rows if row.value is not None and row.group != UNKNOWN_LABEL]
    return min(known, key=lambda row: row.value or 0.0, default=None)


def line_of(report: GroupReport, row: Row, axis: Axis, is_worst: bool = False) -> Line:
    """What is written and drawn of one group."""
    n, positive = layout.counts_text(report, row)
    if row.value is None:
        return Line(row.group, n, positive, row.reason or "not defined", None, None, None)
    low, high = (None if limit is None else axis.place(limit) for limit in (row.low, row.high))
    text = layout.limited(row.value, row.low, row.high)
    return Line(row.group, n, positive, text, axis.place(row.value), low, high, is_worst)


def axis_of(rows: Sequence[Row]) -> Axis:
    """An axis that holds every value and limit, with round numbers under it."""
    return axis_of_numbers(
        [x for row in rows for x in (row.value, row.low, row.high) if x is not None]
    )


def axis_of_numbers(numbers: Sequence[float]) -> Axis:
    """An axis that holds all of them, with round numbers under it."""
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = round_step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * k, 12) for k in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def round_step(about: float) -> float:
    """1, 2 or 5 times a power of ten, near `about`."""
    power: float = 10.0 ** math.floor(math.log10(about))
    return power * min((1, 2, 5, 10), key=lambda times: abs(math.log(times * power / about)))
