"""Which numbers of a report people see, in which order and with how many digits.

The terminal and Markdown show the same lines; report.json and groups.csv hold every row.
"""

from dataclasses import dataclass

from fairness.outcomes import GroupReport, Row

GROUP_METRICS = {
    "AUC": "auc",
    "accuracy": "accuracy",
    "selected": "selection_rate",
    "TPR": "true_positive_rate",
    "FPR": "false_positive_rate",
}
GROUP_COLUMNS = ("n", "positive", *GROUP_METRICS)
GAP_METRICS = {
    "ES-AUC": "es_auc",
    "AUC gap": "auc_difference",
    "DPD": "demographic_parity_difference",
    "EOD": "equalized_odds_difference",
}
NOT_DEFINED = "-"


@dataclass(frozen=True)
class GroupLine:
    """One group: the cells of `GROUP_COLUMNS` as text."""

    attribute: str
    group: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class GapLine:
    """What differs between the groups of one attribute, as text."""

    attribute: str
    text: str


def headline(report: GroupReport) -> list[str]:
    """What answered, on what data, at which threshold: the lines above the table."""
    about = report.provenance
    model, split = about["model"], about["data"]
    lines = [
        f"{model['name']} version {model['version']} ({model['identity']}), "
        f"answered by {about['server']['name']} on {about['server']['device']}",
        f"{split['dataset']} {split['split']} in {split['path']}: {split['n']} images scored, "
        f"{split['n_skipped']} skipped",
        f"threshold {about['threshold']['value']:.4f} ({about['threshold']['rule']}, chosen on "
        f"{about['threshold']['split']})",
    ]
    if split["statement"]:
        lines.append(split["statement"])
    return lines


def group_lines(report: GroupReport) -> list[GroupLine]:
    """The overall line, then every group that has cases, `unknown` last."""
    lines = []
    for (attribute, group), rows in rows_by_group(report).items():
        first = next(iter(rows.values()))
        if first.n == 0 or (group == "all" and attribute != "overall"):
            continue
        cells = [str(first.n), str(first.n_positive)]
        cells += [number(rows[metric]) for metric in GROUP_METRICS.values()]
        lines.append(GroupLine(attribute, group, tuple(cells)))
    return lines


def gap_lines(report: GroupReport) -> list[GapLine]:
    """One line for each attribute; it says so where the attribute was never recorded."""
    lines = []
    for (attribute, group), rows in rows_by_group(report).items():
        if group != "all" or attribute == "overall":
            continue
        first = next(iter(rows.values()))
        parts = [f"{label} {number(rows[metric])}" for label, metric in GAP_METRICS.items()]
        text = ", ".join(parts) if first.n else "not recorded for any image of this split"
        lines.append(GapLine(attribute, text))
    return lines


def rows_by_group(report: GroupReport) -> dict[tuple[str, str], dict[str, Row]]:
    """(attribute, group) to metric to row, in the order of the report."""
    table: dict[tuple[str, str], dict[str, Row]] = {}
    for row in report.rows:
        table.setdefault((row.attribute, row.group), {})[row.metric] = row
    return table


def number(row: Row) -> str:
    """Three decimals, or a dash where undefined."""
    return NOT_DEFINED if row.value is None else f"{row.value:.3f}"
