"""Curves of groups from the bins of report.json: calibration, ROC, scores by label.

Every bin holds enough people of each class to be shown, so nothing here tells more than the bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from fairness.attributes import OVERALL
from fairness.outcomes import Curve, CurvePoint, GroupReport

DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "12 4")
"""Of lines, beside their colours, so that colour alone tells nothing."""


@dataclass(frozen=True)
class Drawn:
    """The curve of one group in a square of 100 by 100, y downwards."""

    group: str
    path: str
    """Points as `x,y x,y`."""
    points: tuple[tuple[float, float], ...]
    dash: str
    colour: int
    """Which of the colours of the page."""
    intervals: tuple[tuple[float, float, float], ...] = ()
    """Of the points, where they have one: x, and both ends of y."""
    n: int | None = None
    """Cases; None where counts are withheld."""


@dataclass(frozen=True)
class Bar:
    """One bin of a score distribution: where it stands, and the share of its class in it."""

    x: float
    width: float
    positive: float
    """Percent of the height."""
    negative: float


@dataclass(frozen=True)
class Histogram:
    """Scores of one group, positives and negatives apart."""

    group: str
    n: str
    """Of both classes."""
    bars: tuple[Bar, ...]


def calibration(report: GroupReport, attribute: str) -> list[Drawn]:
    """Share of positives over mean score, by group."""
    found = []
    for number, curve in enumerate(curves_of(report, attribute)):
        points = tuple((place(p.score), 100 - place(p.observed)) for p in curve.points)
        intervals = tuple(
            (round(place(p.score), 2), 100 - round(place(p.low), 2), 100 - round(place(p.high), 2))
            for p in curve.points
        )
        line = drawn(curve.group, points, number)
        found.append(replace(line, intervals=intervals, n=cases(curve)))
    return found


def roc(report: GroupReport, attribute: str) -> list[Drawn]:
    """True over false positive rate at the edges of the bins, by group; needs counts."""
    found = []
    for number, curve in enumerate(curves_of(report, attribute)):
        positives = [count(p, positive=True) for p in curve.points]
        negatives = [count(p, positive=False) for p in curve.points]
        if None in positives or not sum(x or 0 for x in positives) or len(curve.points) < 2:
            continue
        if not sum(x or 0 for x in negatives):
            continue
        tpr = shares_from_the_top([x or 0 for x in positives])
        fpr = shares_from_the_top([x or 0 for x in negatives])
        points = tuple((100 * x, 100 - 100 * y) for x, y in zip(fpr, tpr, strict=True))
        found.append(replace(drawn(curve.group, points, number), n=cases(curve)))
    return found


def histograms(report: GroupReport, attribute: str) -> list[Histogram]:
    """Scores of positives and of negatives in the bins of each group; needs counts."""
    found = []
    for curve in curves_of(report, attribute):
        positives = [count(p, positive=True) for p in curve.points]
        negatives = [count(p, positive=False) for p in curve.points]
        if None in positives or len(curve.points) < 2:
            continue
        most = [max(1, sum(x or 0 for x in of_class)) for of_class in (positives, negatives)]
        edges = edges_of([p.score for p in curve.points])
        shares = [
            ((p or 0) / most[0], (n or 0) / most[1])
            for p, n in zip(positives, negatives, strict=True)
        ]
        n = f"{sum(x or 0 for x in positives)} positive, {sum(x or 0 for x in negatives)} negative"
        found.append(Histogram(curve.group, n, bars_of(edges, shares)))
    return found


def bars_of(edges: Sequence[float], shares: Sequence[tuple[float, float]]) -> tuple[Bar, ...]:
    """Bars whose areas are shares: their height is the share by width, the tallest 100."""
    widths = [max(1e-3, high - low) for low, high in pairwise(edges)]
    tallest = max(max(pair) / width for pair, width in zip(shares, widths, strict=True)) or 1.0
    return tuple(
        Bar(
            round(100 * low, 2),
            round(100 * width, 2),
            *(round(100 * share / width / tallest, 1) for share in pair),
        )
        for low, width, pair in zip(edges, widths, shares, strict=False)
    )


def edges_of(scores: Sequence[float]) -> list[float]:
    """Edges of bins whose mean scores are known: halfway between them, 0 and 1 outside."""
    between = [(a + b) / 2 for a, b in pairwise(scores)]
    return [0.0, *between, 1.0]


def curves_of(report: GroupReport, attribute: str) -> list[Curve]:
    """Curves of an attribute with at least one point; of everybody for `overall`."""
    return [c for c in report.curves if c.attribute == attribute and c.points]


def attributes_with_curves(report: GroupReport) -> list[str]:
    """`overall` first."""
    found = dict.fromkeys(curve.attribute for curve in report.curves if curve.points)
    return sorted(found, key=lambda name: name != OVERALL)


def drawn(group: str, points: tuple[tuple[float, float], ...], number: int) -> Drawn:
    """A group's curve in a style of its own."""
    places = tuple((round(x, 2), round(y, 2)) for x, y in points)
    path = " ".join(f"{x:g},{y:g}" for x, y in places)
    return Drawn(group, path, places, DASHES[number % len(DASHES)], number % 6)


def cases(curve: Curve) -> int | None:
    """Cases of a curve; None where counts are withheld."""
    counts = [point.n for point in curve.points]
    return None if None in counts else sum(n or 0 for n in counts)


def count(point: CurvePoint, *, positive: bool) -> int | None:
    """Cases of a class in a bin; None where the counts are withheld."""
    if point.n is None or not 0 <= point.observed <= 1:
        return None
    positives = round(point.observed * point.n)
    return positives if positive else point.n - positives


def shares_from_the_top(counts: Sequence[int]) -> list[float]:
    """Share of a class at or above each edge, from none to all."""
    total = sum(counts)
    return [0.0, *(n / total for n in accumulate(reversed(counts)))]


def place(value: float) -> float:
    """Percent, within 0 to 100."""
    return 100 * min(1.0, max(0.0, value))
