"""Decision curves, scores and recalibrations as tables of text."""

from collections.abc import Sequence

from audit.report import layout
from audit.report.text_table import NAMES, TextTable
from fairness.attributes import OVERALL
from fairness.beside.tables import Beside, Decision, Recalibrated, ScoreSpread

MOST_POINTS = 5
"""Of a curve in a table; the csv file has all."""


def utility_tables(beside: Beside) -> list[TextTable]:
    """Net benefit, how scores are spread, what recalibration would change."""
    found = [decision_table(beside.decisions, beside.decisions_note)]
    if beside.scores:
        found.append(score_table(beside.scores))
    if beside.recalibrated:
        found.append(recalibration_table(beside.recalibrated))
    return found


def decision_table(decisions: Sequence[Decision], said: str) -> TextTable:
    """A few thresholds of every curve."""
    curves: dict[tuple[str, str], list[Decision]] = {}
    for one in decisions:
        curves.setdefault((one.attribute, one.group), []).append(one)
    rows: list[tuple[str, ...]] = []
    for points in curves.values():
        step = max(1, -(-len(points) // MOST_POINTS))
        rows += [decision_cells(one) for one in points[::step]]
    heads = (
        "attribute", "group", "threshold", "prevalence", "net benefit", "treating everybody",
        "model minus everybody",
    )  # fmt: skip
    notes = (
        *((said,) if said else ()),
        "net benefit: share of true positives minus share of false positives x t / (1 - t); "
        "treating nobody has 0. It takes the scores for probabilities. Intervals are of each "
        "number alone. Thresholds with few people between them are left out; "
        "decision_curves.csv has all others",
    )
    return TextTable("Net benefit", notes, heads, tuple(rows))


def decision_cells(one: Decision) -> tuple[str, ...]:
    """One point of a curve."""
    return (
        one.attribute,
        name_of(one.attribute, one.group),
        f"{one.threshold:g}",
        "in the data" if one.prevalence is None else f"{one.prevalence:g}",
        layout.limited(one.net_benefit, one.low, one.high),
        layout.limited(one.treat_all, None, None),
        layout.limited(one.over_all, one.over_all_low, one.over_all_high),
    )


def score_table(spreads: Sequence[ScoreSpread]) -> TextTable:
    """Percentiles of the scores of each class."""
    percents = sorted({part.percent for one in spreads for part in one.percentiles})
    rows = []
    for one in spreads:
        parts = {part.percent: part for part in one.percentiles}
        cells = [
            layout.limited(part.value, part.low, part.high)
            if (part := parts.get(percent))
            else "too few"
            for percent in percents
        ]
        n = layout.NOT_SHOWN if one.n is None else str(one.n)
        rows.append((one.attribute, name_of(one.attribute, one.group), one.of, n, *cells))
    heads = (
        "attribute",
        "group",
        "of",
        "n",
        *(f"{percent:g} % at or below" for percent in percents),
    )
    return TextTable("Scores by class", (), heads, tuple(rows))


def recalibration_table(lines: Sequence[Recalibrated]) -> TextTable:
    """Each number as served and in both ways, with its change where that has an interval."""
    numbers: dict[tuple[str, str, str], dict[str, Recalibrated]] = {}
    for one in lines:
        numbers.setdefault((one.attribute, one.group, one.metric), {})[one.way] = one
    ways = list(dict.fromkeys(one.way for one in lines))
    rows = []
    for (attribute, group, metric), by_way in numbers.items():
        cells = [text_of(by_way[way]) if way in by_way else "" for way in ways]
        remark = next((one.reason for one in by_way.values() if one.reason), "")
        name = NAMES.get(metric, metric)
        rows.append((attribute, name_of(attribute, group), name, *cells, remark))
    heads = ("attribute", "group", "number", *ways, "remark")
    notes = (
        "scores recalibrated by a logistic line, fitted on other patients than it scores (five "
        "folds); in brackets the change with its interval. What a group's own line does needs the "
        "group at every decision",
    )
    return TextTable("What recalibration would change", notes, heads, tuple(rows))


def text_of(one: Recalibrated) -> str:
    """`0.140 (change -0.012 [-0.020, -0.004])`."""
    value = layout.limited(one.value, None, None)
    if one.change is None:
        return value
    return f"{value} (change {layout.limited(one.change, one.change_low, one.change_high)})"


def name_of(attribute: str, group: str) -> str:
    """The group, or everybody."""
    return "everybody" if attribute == OVERALL else group
