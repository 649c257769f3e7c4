"""The first screen: verdict, who is in the data, the worst group, what cannot be said."""

from dataclasses import dataclass

from audit.page.forest import lowest
from audit.report import layout
from audit.report.flow import is_hidden
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.tasks.catalogue import tables_of
from fairness.text import short

NAME = 40
"""Characters of a group's name in a sentence."""


@dataclass(frozen=True)
class Worst:
    """The worst group of one attribute, and how sure that is."""

    attribute: str
    group: str
    value: str
    gap: str
    """How far the groups lie apart, which two, and p."""
    sure: str


@dataclass(frozen=True)
class Person:
    """One group of the cohort, by its share of the samples."""

    group: str
    n: str
    positive: str
    percent: float | None


@dataclass(frozen=True)
class People:
    """The groups of one attribute."""

    attribute: str
    groups: tuple[Person, ...]
    missing: str
    """What is known of those without a recorded group; empty where there are none."""


def worst_groups(report: GroupReport) -> list[Worst]:
    """The worst group of every attribute as recorded, the lowest first."""
    metric = next(iter(tables_of(report).groups.values()))
    found: list[tuple[float, Worst]] = []
    tests = {(c.attribute, c.metric): c for c in report.contrasts}
    for attribute in plain_attributes(report):
        rows = [r for r in report.rows if (r.attribute, r.metric) == (attribute, metric)]
        rows = [row for row in rows if row.group not in (ALL, UNKNOWN_LABEL)]
        row = lowest(rows)
        if row is None or row.value is None or sum(r.value is not None for r in rows) < 2:
            continue
        gap = tests.get((attribute, f"{metric}_difference"))
        value = layout.limited(row.value, row.low, row.high)
        found.append((row.value, Worst(attribute, row.group, value, *gap_of(gap))))
    return [worst for _, worst in sorted(found, key=lambda one: one[0])]


def gap_of(gap: Contrast | None) -> tuple[str, str]:
    """The largest gap in words, and whether it could be chance."""
    if gap is None or gap.value is None:
        return "", "how sure this is cannot be told"
    pair = f"{short(gap.group_a, NAME)} and {short(gap.group_b, NAME)}"
    text = f"{layout.limited(gap.value, gap.low, gap.high)} between {pair}"
    if gap.p is None:
        return text, gap.reason or "not tested"
    p = gap.p if gap.p_adjusted is None else gap.p_adjusted
    sure = "more than chance explains" if p < 0.05 else "may be chance"
    told = f"p {equals(gap.p)}; adjusted over the attributes, p {equals(p)}"
    return text, f"{sure} ({told})"


def equals(p: float) -> str:
    """`= 0.012`, or `< 0.001`."""
    number = layout.p_number(p)
    return number if number.startswith("<") else f"= {number}"


def cohort(report: GroupReport) -> list[People]:
    """Who is in the data, attribute by attribute."""
    metric = next(iter(tables_of(report).groups.values()))
    rows = [row for row in report.rows if row.metric == metric]
    whole = next((row.n for row in rows if row.attribute == OVERALL), None)
    found = []
    for attribute in plain_attributes(report):
        of_it = [row for row in rows if row.attribute == attribute and row.group != ALL]
        groups = [row for row in of_it if row.group != UNKNOWN_LABEL and row.n != 0]
        unknown = next((row for row in of_it if row.group == UNKNOWN_LABEL), None)
        found.append(
            People(
                attribute,
                tuple(person(report, row, whole) for row in groups),
                missing(unknown, whole),
            )
        )
    return found


def person(report: GroupReport, row: Row, whole: int | None) -> Person:
    """One group of the cohort."""
    n, positive = layout.counts_text(report, row)
    percent = 100 * row.n / whole if row.n is not None and whole else None
    return Person(row.group, n, positive, None if percent is None else round(percent, 1))


def missing(unknown: Row | None, whole: int | None) -> str:
    """How many have no recorded group."""
    if unknown is None or unknown.n == 0:
        return ""
    if unknown.n is None or not whole:
        return "how many are unknown is withheld"
    return f"{unknown.n} unknown ({100 * unknown.n / whole:.0f} %)"


def limits(report: GroupReport) -> list[str]:
    """What this report cannot say, in sentences."""
    found = []
    metric = next(iter(tables_of(report).groups.values()))
    plain = plain_attributes(report)
    hidden = [
        short(f"{row.attribute} {row.group}", NAME)
        for row in report.rows
        if row.metric == metric and row.attribute in plain and is_hidden(row)
    ]
    if hidden:
        more = f" and {len(hidden) - 6} more" if len(hidden) > 6 else ""
        found.append(f"Groups of which no number is shown: {', '.join(hidden[:6])}{more}.")
    tested = {contrast.attribute for contrast in report.contrasts}
    found += [
        f"{people.attribute}: {people.missing}"
        + ("; gaps speak of the others." if people.attribute in tested else ".")
        for people in cohort(report)
        if people.missing
    ]
    at = ", at this threshold" if report.provenance["threshold"] else ""
    found.append(
        "A gap says that groups differ in these data, not why. It holds for people like "
        f"these{at}; it says nothing of those who are not in the data."
    )
    return found
