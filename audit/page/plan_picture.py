"""plan.svg: probabilities of each rule as bars, and of PASS over the number of people."""

import math
from dataclasses import dataclass

from audit.design.plan_file import WrittenPlan
from audit.page.curves import DASHES
from audit.page.render import environment
from fairness.text import one_line, short

WIDTH, LEFT, RIGHT = 900, 70, 870
BAR, KEY, PLOT, LINE = 46, 40, 220, 20
"""Heights: of one rule's bar, of the key, of the plot, of one line of its legend."""
COLOURS = {"PASS": "#1b6e3c", "FAIL": "#b3261e", "INCONCLUSIVE": "#8a5a00"}
OF_LINES = ("#0b5cad", "#b5500b", "#1b7a53", "#9a3a86", "#6b6f00", "#454b55")


@dataclass(frozen=True)
class Part:
    """One verdict of a bar."""

    x: float
    width: float
    colour: str
    text: str
    title: str


@dataclass(frozen=True)
class Bar:
    """One rule."""

    y: int
    label: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Line:
    """PASS of one rule over sizes."""

    label: str
    path: str
    colour: str
    dash: str
    y: float
    """Of its place in the legend."""


def plan_picture(plan: WrittenPlan) -> str:
    """The SVG of a plan; every text in it is escaped."""
    bars = bars_of(plan)
    key_y = 60 + BAR * len(bars)
    top = key_y + KEY + 30
    bottom = top + PLOT
    lines = lines_of(plan, top, bottom) if len(plan.tried) > 1 else []
    height = bottom + 40 + LINE * len(lines) if lines else key_y + KEY
    people = {float(m): plan.design.times(float(m)).n for m in plan.tried}
    shown = [m for m in people if lines and math.log2(m).is_integer()]
    levels = [(place(p, top, bottom), f"{p:.0%}") for p in (0.0, 0.25, 0.5, 0.75, 1.0)]
    template = environment().get_template("plan.svg.jinja")
    return template.render(
        width=WIDTH,
        height=height,
        title=one_line(short(f"What policy '{plan.policy}' would say", 90)),
        under=f"{plan.design.n} people, {plan.draws} simulated audits",
        bars=bars,
        key=list(COLOURS.items()),
        key_y=key_y,
        lines=lines,
        levels=levels,
        ticks=[(across(m, people), str(people[m])) for m in shown],
        wanted_y=place(plan.wanted, top, bottom),
        top=top,
        bottom=bottom,
        left=LEFT,
        right=RIGHT,
    )


def bars_of(plan: WrittenPlan) -> list[Bar]:
    """One bar a rule, then the whole policy."""
    found = []
    for k, rule in enumerate((*plan.rules, plan.whole)):
        shares = {"PASS": rule.passes, "INCONCLUSIVE": rule.open, "FAIL": rule.fails}
        parts, x = [], 16.0
        for verdict, share in shares.items():
            width = round(share * (RIGHT - 16), 1)
            text = f"{share:.0%}"
            parts.append(Part(x, width, COLOURS[verdict], text, f"{verdict} {100 * share:.1f} %"))
            x = round(x + width, 1)
        found.append(Bar(52 + BAR * k, one_line(short(rule.rule, 110)), tuple(parts)))
    return found


def lines_of(plan: WrittenPlan, top: int, bottom: int) -> list[Line]:
    """PASS of each rule over the sizes that were tried."""
    sizes = {float(m): plan.design.times(float(m)).n for m in plan.tried}
    found = []
    for k, rule in enumerate((*plan.rules, plan.whole)):
        points = [
            f"{across(m, sizes):.1f},{place(shares[k], top, bottom):.1f}"
            for m, shares in zip(sizes, plan.tried.values(), strict=True)
        ]
        found.append(
            Line(
                one_line(short(rule.rule, 100)),
                " ".join(points),
                OF_LINES[k % len(OF_LINES)],
                DASHES[k % len(DASHES)],
                bottom + 42 + LINE * k,
            )
        )
    return found


def across(multiple: float, sizes: dict[float, int]) -> float:
    """Where a size stands, on a scale on which doublings are equally wide."""
    low, high = math.log(min(sizes)), math.log(max(sizes))
    return round(LEFT + (RIGHT - LEFT) * (math.log(multiple) - low) / (high - low), 1)


def place(share: float, top: int, bottom: int) -> float:
    """Where a probability stands."""
    return round(bottom - share * (bottom - top), 1)
