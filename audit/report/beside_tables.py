"""Numbers beside a report as tables of text: the same on the page and in Markdown."""

from collections.abc import Sequence

from audit.report import layout
from audit.report.chosen_tables import chosen_tables
from audit.report.reader_tables import reader_tables
from audit.report.text_table import NAMES, TextTable, p_or_none
from audit.report.utility_tables import utility_tables
from fairness.attributes import OVERALL
from fairness.beside.tables import Adjusted, Beside, Standardised
from fairness.outcomes import Contrast

MOST_NAMED = 3
"""Of empty strata, in a table; report.json names all."""


def text_tables(beside: Beside | None) -> list[TextTable]:
    """The tables of what was asked for, in the order of the document."""
    if beside is None:
        return []
    found = []
    if beside.standardised:
        found += standardised_tables(beside)
    if beside.adjusted:
        found += adjusted_tables(beside)
    if beside.modelled:
        found.append(modelled_table(beside))
    if beside.chosen:
        found += chosen_tables(beside.chosen)
    if beside.decisions:
        found += utility_tables(beside)
    return found + reader_tables(beside)


def standardised_tables(beside: Beside) -> list[TextTable]:
    """Every group in the data and at its prevalence; then the pairs."""
    groups: dict[tuple[str, str], list[Standardised]] = {}
    for one in beside.standardised:
        groups.setdefault((one.attribute, one.group), []).append(one)
    metrics = list(dict.fromkeys(one.metric for one in beside.standardised))
    rows = []
    for (attribute, group), numbers in groups.items():
        by_metric = {one.metric: one for one in numbers}
        cells = [before_and_at(by_metric[m]) if m in by_metric else "" for m in metrics]
        name = "everybody" if attribute == OVERALL else f"{attribute}: {group}"
        rows.append((name, f"{numbers[0].prevalence:g}", *cells))
    heads = ("group", "at", *(NAMES.get(m, m) for m in metrics))
    title = "At the prevalence of the patients to come"
    notes = (
        beside.standardised_note,
        "each cell: in the data > at that prevalence, with its interval",
    )
    tables = [TextTable(title, notes, heads, tuple(rows))]
    if beside.standardised_pairs:
        tables.append(pair_table(f"{title}: pairs of groups", beside.standardised_pairs))
    return tables


def before_and_at(one: Standardised) -> str:
    """`0.612 > 0.231 [0.180, 0.291]`, or why there is none."""
    if one.value is None:
        return one.reason or layout.NOT_DEFINED
    before = layout.NOT_DEFINED if one.raw is None else f"{one.raw:.3f}"
    return f"{before} > {layout.limited(one.value, one.low, one.high)}"


def pair_table(title: str, contrasts: Sequence[Contrast], notes: tuple[str, ...] = ()) -> TextTable:
    """Differences of two groups: alone, then jointly with the others of the attribute."""
    rows = tuple(
        (
            c.attribute,
            NAMES.get(c.metric, c.metric),
            layout.pair(c.group_a, c.group_b),
            layout.limited(c.value, c.low, c.high),
            "" if c.p is None else layout.p_number(c.p),
            layout.bracketed(c.low_adjusted, c.high_adjusted),
            "" if c.p_adjusted is None else layout.p_number(c.p_adjusted),
        )
        for c in contrasts
    )
    heads = ("attribute", "number", "pair", "difference", "p", "joint interval", "joint p")
    return TextTable(title, notes, heads, rows)


def adjusted_tables(beside: Beside) -> list[TextTable]:
    """Gaps in the data and adjusted; then over sites, where there are many."""
    rows = []
    for one in beside.adjusted:
        odds = layout.limited(one.odds_ratio, one.odds_low, one.odds_high, 2)
        rows.append(
            (
                one.attribute,
                NAMES.get(one.metric, one.metric),
                layout.pair(one.group_a, one.group_b),
                layout.limited(one.raw, one.raw_low, one.raw_high),
                with_p(layout.limited(one.value, one.low, one.high), one.p),
                with_p(layout.bracketed(one.low_adjusted, one.high_adjusted), one.p_adjusted),
                p_or_none(one.heterogeneity_p),
                with_p(odds, one.odds_heterogeneity_p) if one.odds_ratio is not None else "",
                remark_of(one),
            )
        )
    heads = (
        "attribute", "number", "pair", "in the data", "adjusted", "jointly", "strata alike",
        "common odds ratio", "remark",
    )  # fmt: skip
    notes = (
        beside.adjusted_note,
        "strata alike: p of Cochran's Q of the differences; odds ratio: Mantel and Haenszel, its p "
        "that strata have one: Breslow and Day, Tarone; where no patient has several cases. "
        "Both tests are of strata with 5 cases or more of each group (AUC: 10 of each class)",
    )
    tables = [TextTable("Adjusted gaps", notes, heads, tuple(rows))]
    if beside.over_sites:
        tables.append(site_table(beside))
    return tables


def remark_of(one: Adjusted) -> str:
    """How many strata it is of, which are empty, or why there is no number."""
    if one.value is None:
        return one.reason or ""
    left = len(one.empty) - MOST_NAMED
    more = f", and {left} more" if left > 0 else ""
    empty = f"; none of {'; '.join(one.empty[:MOST_NAMED])}{more}" if one.empty else ""
    return f"{one.strata} strata, {one.covered:.0%} of the cases{empty}"


def site_table(beside: Beside) -> TextTable:
    """Gaps as means over sites."""
    rows = tuple(
        (
            one.attribute,
            NAMES.get(one.metric, one.metric),
            layout.pair(one.group_a, one.group_b),
            f"{one.sites} of {one.site}",
            layout.limited(one.value, one.low, one.high),
            layout.p_number(one.p),
            f"{one.spread:.3f}",
            p_or_none(one.heterogeneity_p),
        )
        for one in beside.over_sites
    )
    heads = (
        "attribute", "number", "pair", "sites", "mean difference", "p", "spread between sites",
        "p that sites are alike",
    )  # fmt: skip
    note = (
        "sites as a sample of sites (random effects: DerSimonian and Laird, with the error of "
        "Hartung and Knapp); inside each site adjusted for the other factors"
    )
    return TextTable("Adjusted gaps over sites", (note,), heads, rows)


def modelled_table(beside: Beside) -> TextTable:
    """Gaps in the data and adjusted by a model."""
    rows = tuple(
        (
            one.attribute,
            NAMES.get(one.metric, one.metric),
            layout.pair(one.group_a, one.group_b),
            with_p(layout.limited(one.raw, one.raw_low, one.raw_high), one.raw_p),
            with_p(layout.limited(one.value, one.low, one.high), one.p),
            with_p(layout.bracketed(one.low_adjusted, one.high_adjusted), one.p_adjusted),
            one.reason or (f"ridge {one.ridge:g}: no finite fit without" if one.ridge else ""),
        )
        for one in beside.modelled
    )
    heads = ("attribute", "number", "pair", "in the data", "adjusted", "jointly", "remark")
    note = (
        "a group's log odds are taken to differ by the same amount whatever the other terms, and "
        "to be a line of each covariate; AUCs only in strata. Nothing here is causal"
    )
    return TextTable("Gaps adjusted by a model", (beside.modelled_note, note), heads, rows)


def with_p(text: str, p: float | None) -> str:
    """A number with its p behind it, where it has one."""
    return text if p is None else f"{text}, p {layout.p_number(p)}"
