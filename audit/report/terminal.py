"""The table at the end of a run, on the terminal."""

from rich.console import Console
from rich.table import Table

from audit.report.layout import GROUP_COLUMNS, GapLine, gap_lines, group_lines, headline
from fairness.outcomes import GroupReport


def print_report(report: GroupReport, console: Console) -> None:
    """One table of groups, one line of gaps an attribute, and what answered."""
    for text in headline(report):
        console.print(text, highlight=False, markup=False)
    table = Table(header_style="bold")
    table.add_column("attribute")
    table.add_column("group")
    for column in GROUP_COLUMNS:
        table.add_column(column, justify="right")
    previous = None
    for line in group_lines(report):
        if previous is not None and line.attribute != previous:
            table.add_section()
        name = line.attribute if line.attribute != previous else ""
        table.add_row(name, line.group, *line.cells)
        previous = line.attribute
    console.print(table)
    print_gaps(gap_lines(report), console)


def print_gaps(lines: list[GapLine], console: Console) -> None:
    """`race: ES-AUC 0.71, ...`."""
    for line in lines:
        console.print(f"{line.attribute}: {line.text}", highlight=False, markup=False)
