"""A model that takes the group, asked in three ways: recorded, withheld, as every group in turn."""

from dataclasses import dataclass

from audit.report import layout
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class Asked:
    """One group, in all three ways; cells as in `Ways.heads`."""

    attribute: str
    group: str
    n: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Ways:
    """The three ways side by side."""

    heads: tuple[str, ...]
    lines: tuple[Asked, ...]


def ways(report: GroupReport) -> Ways | None:
    """The first number of both reports on scores, then what the group alone moves.

    None where the model was not asked as every group.
    """
    moved = next((one for one in report.also if one.kind == "counterfactual"), None)
    withheld = next((one for one in report.also if one.kind == report.kind), None)
    if moved is None or withheld is None:
        return None
    label, metric = next(iter(tables_of(report).groups.items()))
    tables = [layout.rows_by_group(one) for one in (report, withheld, moved)]
    columns = [(0, metric), (1, metric), *((2, m) for m in tables_of(moved).groups.values())]
    attributes = (OVERALL, *plain_attributes(report))
    lines = []
    for place, rows in tables[0].items():
        attribute, group = place
        is_all = group == ALL and attribute != OVERALL
        if attribute not in attributes or is_all or rows[metric].n == 0:
            continue
        found = [tables[k].get(place, {}).get(m) for k, m in columns]
        if all(row is None or row.value is None for row in found):
            continue
        cells = tuple(layout.NOT_DEFINED if row is None else layout.cell(row) for row in found)
        n, _ = layout.counts_text(report, rows[metric])
        lines.append(Asked(attribute, group, n, cells))
    heads = (
        f"{label}, group recorded",
        f"{label}, group withheld",
        "score moves by (of 0 to 1)",
        "decision flips (share)",
    )
    return Ways(heads, tuple(lines))
