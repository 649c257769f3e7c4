"""Which numbers of a report people see, in which order and with how many digits.

The terminal and Markdown show the same lines; report.json and the csv files hold every number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.predictions import text_of
from audit.verdict import Check
from fairness.compat import Compared
from fairness.groups import quoted
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.statistics.part import ALL

GROUP_METRICS = {
    "AUC": "auc",
    "selected": "selection_rate",
    "TPR": "true_positive_rate",
    "FPR": "false_positive_rate",
    "PPV": "positive_predictive_value",
    "Brier": "brier_score",
}
GAP_METRICS = {
    "ES-AUC": "es_auc",
    "worst AUC": "auc_worst",
    "AUC gap": "auc_difference",
    "DPD": "demographic_parity_difference",
    "EOD": "equalized_odds_difference",
}
NOT_DEFINED = "-"
HIDDEN = "hidden"


@dataclass(frozen=True)
class GroupLine:
    """One group: counts, then one cell for each of `GROUP_METRICS`, as text."""

    attribute: str
    group: str
    n: str
    positive: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class GapLine:
    """One number over the groups of an attribute, as text."""

    attribute: str
    label: str
    value: str
    groups: str
    """`White - Black`: the two that are furthest apart; empty where that is not what it is."""
    p: str
    note: str


def headline(report: GroupReport) -> list[str]:
    """What answered, on what data, at which threshold: the lines above the table."""
    about = report.provenance
    data, threshold = about["data"], about["threshold"]
    lines = [about["what_answered"]]
    lines.append(
        f"{data['dataset']} {data['split']} in {data['path']}: {data['n']} scored, "
        f"{data['n_skipped']} skipped"
    )
    lines.append(
        f"positive from {threshold['value']:.4f} on ({threshold['rule']}, chosen on "
        f"{threshold['split']})"
    )
    if data["statement"]:
        lines.append(data["statement"])
    return [text_of(line) for line in lines]


def group_lines(report: GroupReport, interval: bool = True) -> list[GroupLine]:
    """The overall line, then every group that has cases, `unknown` last."""
    lines = []
    for (attribute, group), rows in rows_by_group(report).items():
        first = next(iter(rows.values()))
        if first.n == 0 or (group == "all" and attribute != "overall"):
            continue
        least = report.provenance["statistics"]["suppress_below"]
        n = f"< {least}*" if first.n is None else str(first.n)
        positive = NOT_DEFINED if first.n_positive is None else str(first.n_positive)
        cells = [cell(rows[metric], interval) for metric in GROUP_METRICS.values()]
        lines.append(GroupLine(attribute, group, n, positive, tuple(cells)))
    return lines


def gap_lines(report: GroupReport) -> list[GapLine]:
    """The numbers over the groups of each attribute; says so where it was never recorded."""
    tests = {(c.attribute, c.metric): c for c in report.contrasts}
    lines = []
    for (attribute, group), rows in rows_by_group(report).items():
        if group != "all" or attribute == "overall":
            continue
        if rows["auc"].n == 0:
            lines.append(GapLine(attribute, "", "", "", "", "not recorded for any image"))
            continue
        for label, metric in GAP_METRICS.items():
            row, test = rows[metric], tests.get((attribute, metric))
            furthest = pair(test.group_a, test.group_b) if test and row.value else ""
            lines.append(
                GapLine(attribute, label, cell(row), furthest, p_text(test), row.reason or "")
            )
    return lines


def compat_lines(report: GroupReport, compared: Sequence[Compared]) -> list[tuple[str, ...]]:
    """attribute, group, metric, the original's number, ours; hidden groups stay hidden."""
    ours = {(row.attribute, row.group, row.metric): row for row in report.rows}
    few = {row.attribute for row in report.rows if row.n is None}
    lines: list[tuple[str, ...]] = []
    for number in compared:
        row = ours.get((number.attribute, number.group, number.metric))
        of_all = number.group == ALL and number.attribute in few
        if number.hidden or of_all or (row is not None and row.n is None):
            original = HIDDEN
        else:
            original = NOT_DEFINED if number.original is None else f"{number.original:.4f}"
        value = NOT_DEFINED if row is None or row.value is None else f"{row.value:.4f}"
        lines.append((number.attribute, number.group, number.metric, original, value))
    return lines


def pair(group_a: str, group_b: str) -> str:
    """`White - Black`; a name that holds ` - ` itself is put in quotes."""
    return f"{quoted(group_a, ' - ')} - {quoted(group_b, ' - ')}"


def subject(check: Check) -> str:
    """What a check is about: a group, `all`, or a pair of groups."""
    return check.group if check.against is None else pair(check.group, check.against)


def limited(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """`0.853 [0.812, 0.888]`, without limits where there are none, or a dash where undefined."""
    if value is None:
        return NOT_DEFINED
    limits = "" if low is None or high is None else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{value:.{digits}f}{limits}"


def rows_by_group(report: GroupReport) -> dict[tuple[str, str], dict[str, Row]]:
    """(attribute, group) to metric to row, in the order of the report."""
    table: dict[tuple[str, str], dict[str, Row]] = {}
    for row in report.rows:
        table.setdefault((row.attribute, row.group), {})[row.metric] = row
    return table


def cell(row: Row, interval: bool = True) -> str:
    """The value, with its interval or without."""
    return limited(row.value, row.low if interval else None, row.high)


def p_text(contrast: Contrast | None) -> str:
    """`0.012 (0.036)`: p and, adjusted for its family, in brackets."""
    if contrast is None or contrast.p is None:
        return ""
    adjusted = "" if contrast.p_adjusted is None else f" ({contrast.p_adjusted:.3f})"
    return f"{contrast.p:.3f}{adjusted}"
