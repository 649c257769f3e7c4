"""Decision curves of the groups of an attribute, as lines in a square."""

from dataclasses import dataclass

from audit.page.curves import Drawn, drawn
from audit.page.forest import Axis, axis_of_numbers
from fairness.beside.tables import Beside, Decision


@dataclass(frozen=True)
class DecisionCurves:
    """All groups of one attribute on the same axes."""

    attribute: str
    across: Axis
    up: Axis
    zero: float
    """Place of a net benefit of 0, from the top."""
    lines: tuple[Drawn, ...]


def decision_curves(beside: Beside | None) -> list[DecisionCurves]:
    """One for each attribute with a group that has two thresholds or more."""
    if beside is None:
        return []
    groups: dict[str, dict[str, list[Decision]]] = {}
    for one in beside.decisions:
        groups.setdefault(one.attribute, {}).setdefault(one.group, []).append(one)
    found = []
    for attribute, of_groups in groups.items():
        curves = {group: points for group, points in of_groups.items() if len(points) > 1}
        points = [one for line in curves.values() for one in line]
        if not points:
            continue
        across = axis_of_numbers([one.threshold for one in points])
        ends = [x for one in points for x in (one.low, one.high, one.net_benefit, 0.0)]
        up = axis_of_numbers([x for x in ends if x is not None])
        lines = tuple(
            line_of(group, line, across, up, k) for k, (group, line) in enumerate(curves.items())
        )
        found.append(DecisionCurves(attribute, across, up, 100 - up.place(0.0), lines))
    return found


def line_of(group: str, points: list[Decision], across: Axis, up: Axis, number: int) -> Drawn:
    """The curve of one group, with the intervals of its points."""
    places = tuple((across.place(one.threshold), 100 - up.place(one.net_benefit)) for one in points)
    line = drawn(group, places, number)
    intervals = tuple(
        (across.place(one.threshold), 100 - up.place(one.low), 100 - up.place(one.high))
        for one in points
        if one.low is not None and one.high is not None
    )
    return Drawn(line.group, line.path, line.points, line.dash, line.colour, intervals)
