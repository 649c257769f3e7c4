"""Sites side by side: of federated data, or any that name the site of a sample."""

from dataclasses import dataclass

from audit.page.forest import Forest, forest
from audit.report import layout
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of

SITES = ("site", "client", "hospital", "centre", "center")
"""Names of attributes that are sites."""


@dataclass(frozen=True)
class Site:
    """One site: its numbers as text, in the order of `Sites.heads`."""

    name: str
    n: str
    positive: str
    cells: tuple[str, ...]
    why: str
    """Why there is no number; empty where there are some."""


@dataclass(frozen=True)
class Sites:
    """All sites of one attribute, and the other attributes inside each."""

    attribute: str
    heads: tuple[str, ...]
    lines: tuple[Site, ...]
    gaps: tuple[layout.GapLine, ...]
    inside: Forest | None
    """Groups inside each site, where the site is a control."""


def sites(report: GroupReport) -> list[Sites]:
    """One for each attribute of `SITES` that the data record."""
    shown = tables_of(report).groups
    table = layout.rows_by_group(report)
    crossed = dict.fromkeys(name for name, _ in table)
    found = []
    for name in plain_attributes(report):
        groups = [group for attribute, group in table if attribute == name and group != ALL]
        if name.lower() not in SITES or groups == [UNKNOWN_LABEL]:
            continue
        metrics = [(k, m) for k, m in shown.items() if m in table[name, groups[0]]]
        lines = []
        for group in groups:
            rows = table[name, group]
            first = next(iter(rows.values()))
            if first.n == 0:
                continue
            cells = [layout.cell(rows[m]) for _, m in metrics]
            why = first.reason or "" if all(cell == layout.NOT_DEFINED for cell in cells) else ""
            lines.append(Site(group, *layout.counts_text(report, first), tuple(cells), why))
        gaps = tuple(gap for gap in layout.gap_lines(report) if gap.attribute == name)
        strata = [other for other in crossed if f" | {name} " in other]
        label, metric = metrics[0]
        inside = forest(report, label, metric, strata) if strata else None
        found.append(Sites(name, tuple(k for k, _ in metrics), tuple(lines), gaps, inside))
    return found
