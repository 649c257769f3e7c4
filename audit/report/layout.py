"""Lines of a report that people see, in order and as text.

The terminal and Markdown show the same lines; report.json and the csv files hold every number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.policy.verdict import Check, label_of
from audit.report.delivered import delivery_lines
from audit.report.meanings import majority_line, partial_line
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.compat.compared import Compared
from fairness.disclosure.sizes import ALTOGETHER, FEW, FEW_OF_A_CLASS, IN_STRATA, LARGE, WITHHELD
from fairness.groups import quoted
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.tasks.catalogue import tables_of
from fairness.text import one_line

NOT_DEFINED = "-"
HIDDEN = "hidden"
NOT_SHOWN = "withheld"
SMALL_CLASS = "few"
NOWHERE = "not recorded for any image"


@dataclass(frozen=True)
class GroupLine:
    """One group: counts, then one cell for each of the numbers shown, as text."""

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
    lines = [line] if (line := partial_line(about)) else []
    lines += [about["what_answered"], *delivery_lines(about)]
    lines.append(
        f"{data['dataset']} {data['split']} in {data['path']}: {data['n'] or 'few'} scored, "
        f"{data['n_skipped']} skipped"
    )
    if threshold is not None:
        by_label = threshold.get("by_label", {})
        labels = {label_of(one) for one in (report, *report.also)} - {""}
        values = (
            [f"from {threshold['value']:.4f} on"] if labels - set(by_label) or not labels else []
        )
        values += [f"{label} from {value:.4f} on" for label, value in by_label.items()]
        lines.append(
            f"positive {', '.join(values)} ({threshold['rule']}, chosen on {threshold['split']})"
        )
    if chosen := about.get("model", {}).get("selected_on"):
        lines.append(f"selected on {chosen}")
    if empty := {name: n for name, n in about.get("empty_masks", {}).items() if n}:
        lines.append(
            "cases: " + ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in empty.items())
        )
    if weights := about.get("weights"):
        worth = weights["effective_patients"] or "few"
        lines.append(f"weighted by {weights['column']}: worth {worth} patients of equal weight")
    if readers := about.get("reader_labels"):
        lines.append(majority_line(readers))
    bins = [one.provenance.get("bootstrap") for one in (report, *report.also)]
    lines += dict.fromkeys(str(said) for said in bins if said)
    if data["statement"]:
        lines.append(data["statement"])
    return [one_line(line) for line in [*lines, *one_sided(report)]]


def one_sided(report: GroupReport) -> list[str]:
    """A warning for every set of cases that the threshold does not divide."""
    found: dict[float, list[str]] = {0.0: [], 1.0: []}
    for row in report.rows:
        if row.metric == "selection_rate" and row.value in found and row.group != UNKNOWN_LABEL:
            found[row.value].append(
                OVERALL if row.attribute == OVERALL else f"{row.attribute} {row.group}"
            )
    words = {0.0: "no score reaches", 1.0: "every score reaches"}
    return [
        f"WARNING: {words[side]} the threshold in {', '.join(names)}; rates say nothing there"
        for side, names in found.items()
        if names
    ]


def group_lines(report: GroupReport, interval: bool = True) -> list[GroupLine]:
    """The overall line, then every group that has cases, `unknown` last."""
    lines = []
    metrics = tables_of(report).groups.values()
    nowhere = {row.attribute for row in report.rows if row.group == ALL and row.n == 0}
    for (attribute, group), rows in rows_by_group(report).items():
        first = next(iter(rows.values()))
        untold = group == UNKNOWN_LABEL and first.suppressed in (IN_STRATA, ALTOGETHER)
        if (group == ALL and attribute != OVERALL) or untold:
            continue
        n, positive = counts_text(report, first)
        cells = [cell(rows[metric], interval) for metric in metrics if metric in rows]
        if group == UNKNOWN_LABEL and attribute in nowhere:
            group, positive, cells = NOWHERE, NOT_DEFINED, [NOT_DEFINED] * len(cells)
        if first.n != 0:
            lines.append(GroupLine(attribute, group, n, positive, tuple(cells)))
    return lines


def counts_text(report: GroupReport, row: Row) -> tuple[str, str]:
    """Samples and positives of a group, or in their place why they are not shown."""
    n = NOT_DEFINED if row.n is None else str(row.n)
    if row.suppressed is None:
        return n, NOT_DEFINED if row.n_positive is None else str(row.n_positive)
    if row.suppressed == FEW and row.n is None:
        return f"< {report.provenance['statistics']['suppress_below']}", NOT_DEFINED
    if row.suppressed == FEW_OF_A_CLASS:
        return n, SMALL_CLASS
    return (NOT_SHOWN if row.n is None else n), NOT_DEFINED


def footnotes(report: GroupReport) -> list[str]:
    """What the words mean that stand in the place of counts, where any does."""
    settings = report.provenance["statistics"]
    least, of_class = settings["suppress_below"], settings["suppress_positives_below"]
    of_class = least if of_class is None else of_class
    meanings = {
        FEW: f"< {least}: fewer than {least} people",
        FEW_OF_A_CLASS: f"{SMALL_CLASS}: fewer than {of_class} positives or negatives",
        WITHHELD: f"{NOT_SHOWN}: for another group's sake, whose counts would follow; of {LARGE} "
        "people or more only the counts, and the numbers are rounded",
        ALTOGETHER: f"{NOT_SHOWN}: too few people to show any group of this attribute",
    }
    told = {row.suppressed for row in report.rows if row.n is None or row.n_positive is None}
    return [text for reason, text in meanings.items() if reason in told]


def labels(report: GroupReport) -> list[str]:
    """Heads of the cells of `group_lines`."""
    metrics = {row.metric for row in report.rows}
    return [label for label, metric in tables_of(report).groups.items() if metric in metrics]


def gap_lines(report: GroupReport) -> list[GapLine]:
    """The numbers over the groups of each attribute, or one line that says why there are none."""
    tests = {(c.attribute, c.metric): c for c in report.contrasts}
    lines = []
    for (attribute, group), rows in rows_by_group(report).items():
        if group != ALL or attribute == OVERALL:
            continue
        if next(iter(rows.values())).n == 0:
            lines.append(GapLine(attribute, "", "", "", "", NOWHERE))
            continue
        gaps = tables_of(report).gaps
        numbers = {label: rows[metric] for label, metric in gaps.items() if metric in rows}
        if all(row.value is None for row in numbers.values()):
            reasons = dict.fromkeys(row.reason for row in numbers.values() if row.reason)
            lines.append(GapLine(attribute, "", "", "", "", "; ".join(reasons) or "undefined"))
            continue
        for label, row in numbers.items():
            test = tests.get((attribute, row.metric))
            furthest = pair(test.group_a, test.group_b) if test and row.value else ""
            lines.append(
                GapLine(attribute, label, cell(row), furthest, p_text(test), row.reason or "")
            )
    return lines


def compat_lines(report: GroupReport, compared: Sequence[Compared]) -> list[tuple[str, ...]]:
    """attribute, group, metric, the original's number, ours; hidden groups stay hidden."""
    ours = {(row.attribute, row.group, row.metric): row for row in report.rows}
    few = {row.attribute for row in report.rows if row.suppressed not in (None, IN_STRATA)}
    groups = {row.group for row in report.rows} - {ALL}
    lines: list[tuple[str, ...]] = []
    for number in compared:
        row = ours.get((number.attribute, number.group, number.metric))
        of_all = number.group not in groups and number.attribute.partition(", ")[0] in few
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
    """What a check is about: a group, `all`, or a pair of groups; its label before that."""
    about = check.group if check.against is None else pair(check.group, check.against)
    return f"{check.label}: {about}" if check.label else about


def limited(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """`0.853 [0.812, 0.888]`, without limits where there are none, or a dash where undefined."""
    if value is None:
        return NOT_DEFINED
    if low is not None and high is not None:  # coarse where counts are withheld
        coarse = (d for d in (1, 2) if all(round(x, d) == x for x in (value, low, high)))
        digits = next(coarse, digits)
    return f"{value:.{digits}f} {bracketed(low, high, digits)}".rstrip()


def bracketed(low: float | None, high: float | None, digits: int = 3) -> str:
    """`[0.812, 0.888]`; empty without limits."""
    return "" if low is None or high is None else f"[{low:.{digits}f}, {high:.{digits}f}]"


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
    adjusted = "" if contrast.p_adjusted is None else f" ({p_number(contrast.p_adjusted)})"
    return p_number(contrast.p) + adjusted


def p_number(p: float) -> str:
    """`0.012`, or `< 0.001`: no p is 0."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
