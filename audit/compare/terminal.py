"""What `fair-audit compare` says on the terminal."""

from rich.console import Console
from rich.markup import escape

from audit.compare.comparison import Comparison
from audit.compare.levelling import Levelling
from audit.compare.overview import Overview, Standing
from audit.policy.verdict import label_of
from audit.report import layout
from audit.report.recorded import plain_attributes
from audit.report.terminal import COLORS, plain_table, print_checks
from fairness.attributes import OVERALL
from fairness.outcomes import Contrast, Row
from fairness.tasks.catalogue import tables_of


def print_comparison(comparison: Comparison, console: Console) -> None:
    """The change of the first number of every group and label, of the gaps, and the verdict."""
    first, second = (r.rows[0].model for r in (comparison.first, comparison.second))
    console.print(f"{second} against {first}", highlight=False, markup=False)
    label, metric = next(iter(tables_of(comparison.first).groups.items()))
    of_all = label_of(comparison.first)
    shown = [OVERALL, *plain_attributes(comparison.first)]
    table = plain_table("group", f"change of {label}", "joint interval", "joint p")
    for c in comparison.changes:
        if (c.label, c.metric) == (of_all, metric) and c.attribute in shown:
            table.add_row(escape(f"{c.attribute} {c.group_a}"), *cells(c))
    console.print(table)
    print_labels(comparison, console)
    for one in comparison.levelling:
        if one.label == of_all or is_sure(one):
            console.print(gap_in_words(one), highlight=False, markup=False)
    if comparison.judgement is not None:
        print_checks(comparison.judgement, console)
    for text in comparison.not_judged:
        console.print(
            f"not judged, as it is not on a change: {text}", highlight=False, markup=False
        )


def print_labels(comparison: Comparison, console: Console) -> None:
    """One row a label: the change of its first number in everybody."""
    labelled = [one for one in comparison.first.also if label_of(one)]
    if not labelled:
        return
    name, metric = next(iter(tables_of(labelled[0]).groups.items()))
    table = plain_table("label", f"change of {name}", "joint interval", "joint p")
    for one in labelled:
        place = (label_of(one), OVERALL, metric)
        for c in comparison.changes:
            if (c.label, c.attribute, c.metric) == place:
                table.add_row(escape(c.label), *cells(c))
    console.print(table)


def cells(change: Contrast) -> tuple[str, str, str]:
    """Value, joint interval and joint p as text."""
    return (
        layout.limited(change.value, None, None),
        layout.bracketed(change.low_adjusted, change.high_adjusted),
        "" if change.p_adjusted is None else layout.p_number(change.p_adjusted),
    )


def is_sure(one: Levelling) -> bool:
    """Whether the change of a gap is more than chance explains."""
    low, high = one.gap_change.low_adjusted, one.gap_change.high_adjusted
    return low is not None and high is not None and not low <= 0 <= high


def gap_in_words(one: Levelling) -> str:
    """`Mass, sex: gap 0.120 to 0.050, narrower because the worst group gained`."""
    label = f"{one.label}, " if one.label else ""
    return f"{label}{one.attribute}: gap {one.gap_before:.3f} to {one.gap_after:.3f}, {one.said}"


def print_overview(overview: Overview, console: Console) -> None:
    """All runs in every attribute, against the reference: all labels together, not each."""
    name, of_all = next(iter(tables_of(overview.reports[0]).groups)), label_of(overview.reports[0])
    for run in overview.runs:
        verdict = f", [{COLORS[run.verdict]}]{run.verdict}[/]" if run.verdict else ""
        role = ", the reference" if run.page is None else ""
        console.print(escape(f"{run.number}: {run.name}, {run.folder}{role}") + verdict,
                      highlight=False)  # fmt: skip
    for attribute in dict.fromkeys(row.attribute for row in overview.rows):
        table = plain_table(attribute, name, "change", "lowest group", "largest gap", "gap change")
        for row in overview.rows:
            if (row.attribute, row.label) == (attribute, of_all):
                table.add_row(*map(escape, standing_cells(row)))
        console.print(table)


def standing_cells(row: Standing) -> tuple[str, ...]:
    """One run in one attribute, as text."""
    return (
        str(row.run),
        number(row.overall),
        "" if row.overall_change is None else interval(row.overall_change),
        layout.NOT_DEFINED if row.worst is None else f"{row.worst.group} {number(row.worst)}",
        layout.NOT_DEFINED if row.gap is None else number(row.gap),
        "" if row.gap_change is None else interval(row.gap_change),
    )


def number(row: Row) -> str:
    """A value without its interval."""
    return layout.cell(row, interval=False)


def interval(change: Contrast) -> str:
    """A change with its joint interval."""
    return layout.limited(change.value, change.low_adjusted, change.high_adjusted)
