"""Numbers beside a report as tables of text: the same on the page and in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.report import layout
from fairness.attributes import OVERALL
from fairness.beside.tables import Beside, Standardised
from fairness.outcomes import Contrast

NAMES = {
    "positive_predictive_value": "PPV",
    "negative_predictive_value": "NPV",
    "selection_rate": "selected",
    "accuracy": "accuracy",
    "brier_score": "Brier",
    "net_benefit": "net benefit",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "calibration_error": "calibration error",
}


@dataclass(frozen=True)
class TextTable:
    """One table with its notes."""

    title: str
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def text_tables(beside: Beside | None) -> list[TextTable]:
    """The tables of what was asked for, in the order of the document."""
    if beside is None:
        return []
    found = []
    if beside.standardised:
        found += standardised_tables(beside)
    return found


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
        name = "everybody" if attribute == OVERALL else group
        rows.append((attribute, name, f"{numbers[0].prevalence:g}", *cells))
    heads = ("attribute", "group", "prevalence", *(NAMES.get(m, m) for m in metrics))
    title = "At the prevalence of the patients to come"
    notes = (*beside.notes, "each cell: in the data > at that prevalence, with its interval")
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
