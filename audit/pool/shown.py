"""What the terminal says of a site's file, and of several pooled."""

from rich.console import Console
from rich.markup import escape

from audit.report import layout
from audit.report.terminal import plain_table, print_gaps, print_groups
from fairness.attributes import OVERALL
from fairness.pooling.pool import Pooled
from fairness.pooling.summary import Part, SiteSummary


def print_summary(found: SiteSummary, console: Console) -> None:
    """Which groups the file shows, in how many cells, and which not."""
    table = plain_table("group", "people", "positive cases", "cells of positives", "of negatives")
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("all", *cells_of(found.everybody))
    for attribute in found.attributes:
        table.add_section()
        table.add_row(f"[bold]{escape(attribute.name)}[/]")
        for part in attribute.parts:
            table.add_row(f"  {escape(part.group)}", *cells_of(part))
        for group, why in attribute.withheld.items():
            table.add_row(f"  {escape(group)}", escape(f"not shown: {why}"))
    console.print(table)


def cells_of(part: Part) -> list[str]:
    """One line of the table."""
    cells = (len(part.positives.counts), len(part.negatives.counts))
    return [str(part.people), str(part.cases[1]), *map(str, cells)]


def print_pooled(found: Pooled, console: Console) -> None:
    """The pooled report, what the cells leave open, whether sites agree, what is missing."""
    for text in layout.headline(found.report):
        console.print(text, highlight=False, markup=False)
    print_groups(found.report, console)
    print_gaps(found.report, console)
    table = plain_table("pooled AUC", "sites", "value", "binning cost at most", "so within")
    for one in found.binned:
        name = "all" if one.attribute == OVERALL else f"{one.attribute} {one.group}"
        within = f"{one.lowest:.3f} to {one.highest:.3f}"
        cells = (str(one.sites), f"{one.value:.3f}", f"{one.cost:.3f}", within)
        table.add_row(escape(name), *cells)
    console.print(table)
    table = plain_table("gap in AUC", "pooled", "standardised over sites", "p", "sites alike, p")
    for pair in found.beside.adjusted:
        if pair.metric == "auc":
            names = f"{pair.attribute}: {pair.group_a} - {pair.group_b}"
            table.add_row(
                escape(names),
                limited(pair.raw, pair.raw_low, pair.raw_high),
                limited(pair.value, pair.low, pair.high),
                "-" if pair.p is None else f"{pair.p:.3f}",
                "-" if pair.heterogeneity_p is None else f"{pair.heterogeneity_p:.3f}",
            )
    console.print(table)
    for line in found.missing:
        console.print(f"note: {line}", highlight=False, markup=False)


def limited(value: float | None, low: float | None, high: float | None) -> str:
    """`0.031 [-0.012, 0.074]`."""
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
