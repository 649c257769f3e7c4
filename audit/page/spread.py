"""How the scores of masks are spread: tails, percentiles, and a histogram of each group."""

from dataclasses import dataclass

from audit.report import layout
from audit.report.recorded import plain_attributes
from fairness.attributes import OVERALL
from fairness.mask_names import metric_of
from fairness.outcomes import Distribution, GroupReport
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class Bar:
    """One bin, in percent of the width and of the height."""

    x: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """One group: cells as text, and its histogram."""

    group: str
    n: str
    cells: tuple[str, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Block:
    """The groups of one attribute."""

    attribute: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Spread:
    """One score, e.g. the Dice of a structure."""

    label: str
    heads: tuple[str, ...]
    """Of the cells."""
    blocks: tuple[Block, ...]


def spreads(report: GroupReport) -> list[Spread]:
    """One for each score; of all its histograms the tallest bar has the whole height."""
    names = {metric: label for label, metric in tables_of(report).groups.items()}
    attributes = [OVERALL, *plain_attributes(report)]
    found = []
    for metric in dict.fromkeys(one.metric for one in report.distributions):
        of_it = [one for one in report.distributions if one.metric == metric and one.bins]
        tallest = max((density for one in of_it for _, _, density in densities(one)), default=0.0)
        limits = sorted({tail.limit for one in of_it for tail in one.tails})
        percents = sorted({part.percent for one in of_it for part in one.percentiles})
        blocks = tuple(
            Block(attribute, tuple(line_of(one, limits, percents, tallest) for one in there))
            for attribute in attributes
            if (there := [one for one in of_it if one.attribute == attribute])
        )
        heads = [below(limit, metric) for limit in limits]
        heads += [f"{percent:g} % at or below" for percent in percents]
        found.append(Spread(names.get(metric, metric), tuple(heads), blocks))
    return found


def below(limit: float, metric: str) -> str:
    """`Dice < 0.8 (IoU < 0.67)`: of one structure of one case either follows from the other."""
    of_structure = metric_of(metric)[1] == "dice"
    return f"Dice < {limit:g}" + (f" (IoU < {limit / (2 - limit):.2f})" if of_structure else "")


def line_of(one: Distribution, limits: list[float], percents: list[float], tallest: float) -> Line:
    """What is written and drawn of one group."""
    tails = {tail.limit: tail for tail in one.tails}
    parts = {part.percent: part for part in one.percentiles}
    cells = [
        percent(tail.share, tail.low, tail.high) if (tail := tails.get(limit)) else ""
        for limit in limits
    ]
    cells += [
        layout.limited(part.value, part.low, part.high) if (part := parts.get(p)) else "too few"
        for p in percents
    ]
    bars = tuple(
        Bar(round(100 * low, 2), round(100 * width, 2), round(100 * density / tallest, 2))
        for low, width, density in densities(one)
    )
    n = layout.NOT_SHOWN if one.n is None else str(one.n)
    return Line(one.group, n, tuple(cells), bars)


def densities(one: Distribution) -> list[tuple[float, float, float]]:
    """Lower end, width, and share by width, of each bin that has a width."""
    return [
        (part.low, part.high - part.low, part.share / (part.high - part.low))
        for part in one.bins
        if 0 <= part.low < part.high <= 1
    ]


def percent(share: float, low: float, high: float) -> str:
    """`4.2 % [2.6, 7.0]`."""
    return f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
