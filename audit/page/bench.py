"""bench.html: throughput by window and latency by throughput, a curve for each batch size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.bench.point import Point
from audit.page.curves import DASHES
from audit.page.forest import Axis, round_step
from audit.page.render import environment, facts

COLOURS = 6
"""Of the pages."""


@dataclass(frozen=True)
class Curve:
    """The points of one batch size in a square of 100 by 100, y downwards."""

    batch: int
    path: str
    points: tuple[tuple[float, float], ...]
    dash: str
    colour: int


@dataclass(frozen=True)
class Plot:
    """One number over another."""

    title: str
    across: str
    up: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]


def bench_page(
    points: Sequence[Point], best: Point, about: Mapping[str, Any], warnings: Sequence[str]
) -> str:
    """The page of a sweep; every text in it may be hostile."""
    plots = [
        plot(points, "Throughput", "requests in flight", "images a second", in_flight, rate),
        plot(points, "Latency", "images a second", "p99 of a request, ms", rate, slowest),
    ]
    template = environment().get_template("bench.html.jinja")
    return template.render(
        points=points, best=best, about=about, facts=facts(about), warnings=warnings, plots=plots
    )


def plot(
    points: Sequence[Point],
    title: str,
    across: str,
    up: str,
    x: Callable[[Point], float],
    y: Callable[[Point], float],
) -> Plot:
    """One number of the points over another, on axes from 0."""
    horizontal, vertical = (axis_from_zero([of(p) for p in points]) for of in (x, y))
    curves = []
    for number, batch in enumerate(sorted({point.batch for point in points})):
        of_batch = sorted((p for p in points if p.batch == batch), key=lambda p: p.in_flight)
        places = tuple((horizontal.place(x(p)), 100 - vertical.place(y(p))) for p in of_batch)
        path = " ".join(f"{a:g},{b:g}" for a, b in places)
        dash = DASHES[number % len(DASHES)]
        curves.append(Curve(batch, path, places, dash, number % COLOURS))
    return Plot(title, across, up, horizontal, vertical, tuple(curves))


def axis_from_zero(numbers: Sequence[float]) -> Axis:
    """From 0 to a round number above all."""
    step = round_step(max(*numbers, 1e-9) / 4)
    ticks = [0.0]
    while ticks[-1] < max(numbers):
        ticks.append(round(step * len(ticks), 12))
    return Axis(0.0, ticks[-1], tuple(ticks))


def in_flight(point: Point) -> float:
    """Requests."""
    return float(point.in_flight)


def rate(point: Point) -> float:
    """Images a second."""
    return point.rate


def slowest(point: Point) -> float:
    """Milliseconds of all but one request in a hundred."""
    return point.percentiles[99] / 1000
