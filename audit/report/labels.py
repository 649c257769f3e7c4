"""The table that a report on several labels or classes leads with: of each its worst group."""

from dataclasses import dataclass

from audit.policy.verdict import label_of
from audit.report import layout
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.groups import NOT_RECORDED
from fairness.outcomes import GroupReport, Row

WHOLE = (ALL, UNKNOWN_LABEL)
"""Rows that are of no group."""
HEADS = ("AUC", "worst group", "its AUC", "gap", "adj. p")
"""Of the columns after the name of the label."""


@dataclass(frozen=True)
class LabelLine:
    """One label in one attribute, as text."""

    attribute: str
    label: str
    cells: tuple[str, ...]
    """As `HEADS`."""


def is_of_several(report: GroupReport) -> bool:
    """Whether a report is of several labels or classes."""
    return any(label_of(one) for one in (report, *report.also))


def label_lines(report: GroupReport) -> list[LabelLine]:
    """Attribute by attribute, every label with its AUC, its worst group, and its largest gap."""
    singles = [one for one in (report, *report.also) if label_of(one)]
    names = dict.fromkeys(row.attribute for one in singles for row in one.rows)
    return [
        LabelLine(attribute, label_of(one), line(one, attribute))
        for attribute in names
        if attribute != OVERALL and " | " not in attribute
        if not attribute.endswith(" (unknown as a group)")
        for one in singles
    ]


def label_notes(report: GroupReport) -> list[str]:
    """What the table does not show: hidden groups, any of which may be the worst."""
    singles = [one for one in (report, *report.also) if label_of(one)]
    if any(row.suppressed and row.group not in WHOLE for one in singles for row in one.rows):
        return ["worst group: of those that may be shown; report.md names the others"]
    return []


def line(report: GroupReport, attribute: str) -> tuple[str, ...]:
    """The cells of one label."""
    rows = layout.rows_by_group(report)
    overall = rows[OVERALL, ALL]["auc"]
    groups = [
        of_group["auc"]
        for (name, group), of_group in rows.items()
        if name == attribute and group not in (ALL, UNKNOWN_LABEL, NOT_RECORDED)
    ]
    known = [row for row in groups if row.value is not None]
    worst = min(known, key=value_of, default=None)
    gap = rows.get((attribute, ALL), {}).get("auc_difference")
    test = next(
        (c for c in report.contrasts if (c.attribute, c.metric) == (attribute, "auc_difference")),
        None,
    )
    p = test.p_adjusted if test is not None else None
    return (
        layout.cell(overall, interval=False),
        worst.group if worst is not None else reason_of(groups),
        layout.cell(worst) if worst is not None else "",
        layout.cell(gap, interval=False) if gap is not None else "",
        "" if p is None else layout.p_number(p),
    )


def value_of(row: Row) -> float:
    """By which the worst group is found."""
    return float("inf") if row.value is None else row.value


def reason_of(groups: list[Row]) -> str:
    """Why no group has an AUC, where all are hidden."""
    return layout.HIDDEN if any(row.suppressed for row in groups) else layout.NOT_DEFINED
