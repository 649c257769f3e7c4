"""The tables at the end of a run, on the terminal; they fit into 80 columns."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit.policy.verdict import Judgement, label_of
from audit.report import layout
from audit.report.labels import HEADS, is_of_several, label_lines, label_notes
from audit.report.meanings import meanings
from audit.report.planned import RULES, level_lines, plan_lines, rule_cells
from audit.report.text_table import TextTable
from fairness.attributes import ALL, OVERALL
from fairness.compat.compared import Compared
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of

COLORS = {"PASS": "green", "FAIL": "red", "INCONCLUSIVE": "yellow"}


def print_report(
    report: GroupReport, judgement: Judgement | None, compared: Sequence[Compared], console: Console
) -> None:
    """What answered, a table of groups, the gaps, the verdict."""
    for text in layout.headline(report):
        console.print(text, highlight=False, markup=False)
    if is_of_several(report):
        print_labels(report, console)
    for one in (report, *report.also):
        if label_of(one):
            continue  # the table above, and report.md
        if one is not report:
            console.print(f"\n{escape(one.rows[0].model)}", style="bold", highlight=False)
        print_groups(one, console)
        print_gaps(one, console)
    if compared:
        print_compat(report, compared, console)
    if judgement is not None:
        print_checks(judgement, console)
    more = "" if judgement else " (--policy)"
    console.print(f"{meanings(report, judgement)}{more}", highlight=False, markup=False)


def print_labels(report: GroupReport, console: Console) -> None:
    """One row a label and attribute; report.md has the tables of each label."""
    table = plain_table("label", *HEADS)
    for column in (table.columns[1], *table.columns[3:]):
        column.justify, column.no_wrap = "right", True
    attribute = None
    for line in label_lines(report):
        if line.attribute != attribute:
            attribute = line.attribute
            table.add_section()
            table.add_row(f"[bold]{escape(attribute)}[/]")
        table.add_row(f"  {escape(line.label)}", *map(escape, line.cells))
    console.print(table)
    for text in label_notes(report):
        console.print(text, highlight=False, markup=False)


def print_groups(report: GroupReport, console: Console) -> None:
    """One row a group; the first number with its interval, the rest without; report.md has all."""
    columns = layout.labels(report)[: tables_of(report).brief]
    table = plain_table("group", "n", "positive", *columns)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    attribute = OVERALL
    full, short = layout.group_lines(report), layout.group_lines(report, interval=False)
    for line, brief in zip(full, short, strict=True):
        if line.attribute != attribute:
            attribute = line.attribute
            table.add_section()
            table.add_row(f"[bold]{escape(attribute)}[/]")
        name = ALL if attribute == OVERALL else f"  {line.group}"
        table.add_row(
            escape(name), line.n, line.positive, line.cells[0], *brief.cells[1 : len(columns)]
        )
    console.print(table)
    for text in layout.footnotes(report):
        console.print(text, highlight=False, markup=False)


def print_gaps(report: GroupReport, console: Console) -> None:
    """One row a number over groups; p of the largest gap, adjusted for its family in brackets."""
    table = plain_table("between groups", "value", "furthest apart", "p (adjusted)")
    attribute = None
    for line in layout.gap_lines(report):
        if line.attribute != attribute:
            attribute = line.attribute
            table.add_section()
            table.add_row(f"[bold]{escape(attribute)}[/]")
        label = line.label or line.note
        table.add_row(f"  {escape(label)}", line.value, escape(line.groups), line.p)
    console.print(table)


def print_compat(report: GroupReport, compared: Sequence[Compared], console: Console) -> None:
    """The original's numbers beside ours."""
    table = plain_table("attribute", "group", "metric", "original", "ours")
    for line in layout.compat_lines(report, compared):
        table.add_row(*map(escape, line))
    console.print(table)


def print_checks(judgement: Judgement, console: Console) -> None:
    """Every number that the policy names, and the verdict."""
    table = plain_table("number", "margin", "value", "verdict", "why")
    for check in judgement.checks:
        value = layout.limited(check.value, check.low, check.high)
        number = f"{check.metric} of {check.attribute} {layout.subject(check)}"
        verdict = f"[{COLORS[check.verdict]}]{check.verdict}[/]"
        table.add_row(escape(number), check.margin, escape(value), verdict, escape(check.reason))
    console.print(table)
    for text in level_lines(judgement):
        console.print(text, highlight=False, markup=False)
    if judgement.planned is not None:
        for text in plan_lines(judgement.planned):
            console.print(text, highlight=False, markup=False)
        expected = plain_table(*RULES)
        for rule in judgement.planned.rules:
            expected.add_row(*map(escape, rule_cells(rule)))
        console.print(expected)
    name, verdict = escape(judgement.policy.name), judgement.verdict
    console.print(f"verdict by policy '{name}': [{COLORS[verdict]}]{verdict}[/]")


def print_text_tables(tables: Sequence[TextTable], console: Console) -> None:
    """Tables beside the report, with their notes."""
    for one in tables:
        console.print(f"\n{escape(one.title)}", style="bold", highlight=False)
        table = plain_table(*map(escape, one.heads))
        for row in one.rows:
            table.add_row(*map(escape, row))
        console.print(table)
        for text in one.notes:
            console.print(text, highlight=False, markup=False)


def plain_table(*columns: str) -> Table:
    """A table with a rule under its head and no frame."""
    return Table(*columns, box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))


def say_where(out: Path, console: Console) -> None:
    """The files of a run that people read."""
    for name, file in (("report", "report.md"), ("page", "report.html")):
        console.print(f"{name}: {out / 'report' / file}", highlight=False, markup=False)
