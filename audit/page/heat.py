"""Intersections of two attributes as a table whose cells are shaded by their number."""

from dataclasses import dataclass

from audit.report import layout
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.groups import quoted
from fairness.outcomes import GroupReport, Row
from fairness.tasks.catalogue import tables_of

DARKEST = 0.34
"""Share of colour in the lowest cell, at which text on it still has its contrast."""


@dataclass(frozen=True)
class Cell:
    """One intersection, as text; its shade is 0 where there is no number."""

    value: str
    interval: str
    n: str
    shade: float


@dataclass(frozen=True)
class Heat:
    """One number of the intersections of two attributes."""

    label: str
    down: str
    """The attribute with the more groups, one a line."""
    across: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


def heats(report: GroupReport) -> list[Heat]:
    """One for each two attributes that were crossed, in the first number that people see."""
    label, metric = next(iter(tables_of(report).groups.items()))
    rows = {(r.attribute, r.group): r for r in report.rows if r.metric == metric}
    plain = plain_attributes(report)
    groups = {
        name: [g for a, g in rows if a == name and g not in (ALL, UNKNOWN_LABEL)] for name in plain
    }
    found = []
    for crossed in dict.fromkeys(attribute for attribute, _ in rows):
        parts = crossed.split("*")
        if crossed in plain or len(parts) != 2 or any(part not in groups for part in parts):
            continue
        first, second = parts
        of_it = {
            (a, b): rows[place]
            for a in groups[first]
            for b in groups[second]
            if (place := (crossed, f"{quoted(a, ' * ')} * {quoted(b, ' * ')}")) in rows
        }
        if len(groups[second]) > len(groups[first]):
            of_it = {(b, a): row for (a, b), row in of_it.items()}
            first, second = second, first
        found.append(heat(report, label, (first, second), groups, of_it))
    return found


def heat(
    report: GroupReport,
    label: str,
    names: tuple[str, str],
    groups: dict[str, list[str]],
    rows: dict[tuple[str, str], Row],
) -> Heat:
    """The table of two attributes: `names` down and across, `rows` by their groups."""
    values = [row.value for row in rows.values() if row.value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    down, across = names
    return Heat(
        label,
        down,
        across,
        tuple(groups[across]),
        tuple(
            (a, tuple(cell(report, rows.get((a, b)), low, high) for b in groups[across]))
            for a in groups[down]
        ),
    )


def cell(report: GroupReport, row: Row | None, low: float, high: float) -> Cell:
    """What stands in a cell, and how dark it is: the lower, the darker."""
    if row is None or row.n == 0:
        return Cell("nobody", "", "", 0.0)
    n, _ = layout.counts_text(report, row)
    if row.value is None:
        why = layout.HIDDEN if row.suppressed else layout.NOT_DEFINED
        return Cell(why, "", f"n {n}", 0.0)
    depth = (high - row.value) / (high - low) if high > low else 0.0
    interval = layout.limited(row.value, row.low, row.high).partition(" ")[2]
    value = layout.limited(row.value, row.low, row.high).partition(" ")[0]
    return Cell(value, interval, f"n {n}", round(DARKEST * depth, 3))
