"""discover.svg: the gap of each tested subgroup with its interval, on one axis."""

import math
from dataclasses import dataclass

from audit.discovery.written import Shown, WrittenDiscovery
from audit.page.forest import round_step
from audit.page.render import environment
from fairness.text import one_line, short

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 40, 860, 44, 84
COLOURS = {True: "#b3261e", False: "#525a65"}


@dataclass(frozen=True)
class Line:
    """One subgroup, placed."""

    y: int
    text: str
    point: float
    low: float
    high: float
    colour: str


def picture(found: WrittenDiscovery) -> str:
    """The SVG; every text in it is escaped."""
    numbers = [x for one in found.subgroups for x in (one.low, one.high, 0.0)]
    step = round_step((max(numbers) - min(numbers)) / 5)
    first, last = math.floor(min(numbers) / step), math.ceil(max(numbers) / step)
    ticks = [round(step * k, 12) for k in range(first, last + 1)]

    def place(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - ticks[0]) / (ticks[-1] - ticks[0]), 1)

    lines = [
        Line(
            TOP + ROW * k,
            text_of(one),
            place(one.gap),
            place(one.low),
            place(one.high),
            COLOURS[one.reported],
        )
        for k, one in enumerate(found.subgroups)
    ]
    return (
        environment()
        .get_template("discover.svg.jinja")
        .render(
            width=WIDTH,
            height=TOP + ROW * len(lines) + 30,
            lines=lines,
            zero=place(0.0),
            ticks=[(place(tick), f"{tick:+.2f}" if tick else "0") for tick in ticks],
            top=TOP - 24,
            bottom=TOP + ROW * len(lines) - 6,
        )
    )


def text_of(one: Shown) -> str:
    """Name, gap and what became of it."""
    verdict = "reported" if one.reported else "not reported"
    return one_line(short(f"{one.subgroup}: {one.gap:+.2f}, {verdict}", 120))
