"""The numbers of a report as a card names them: of everybody, of groups, and of the answers."""

from dataclasses import dataclass

from audit.policy.verdict import label_of
from audit.report.model_card import rounded, shown_rows
from fairness.attributes import ALL, OVERALL
from fairness.outcomes import GroupReport, Row


@dataclass(frozen=True)
class Result:
    """One number under the name that people see."""

    label: str
    value: float | None
    """None where it is not known."""
    low: float | None = None
    high: float | None = None
    unit: str = ""


def of_everybody(report: GroupReport) -> list[Result]:
    """The numbers over the whole split, of every way of asking and every label."""
    found = []
    for one in (report, *report.also):
        rows = [(name, row) for name, row in shown_rows(one) if row.attribute == OVERALL]
        found += counts(report, one, [row for _, row in rows])
        found += [number(report, one, name, row) for name, row in rows]
    return found


def of_groups(report: GroupReport) -> list[Result]:
    """The numbers of each group and over the groups of each attribute; hidden ones are left out."""
    found = []
    for one in (report, *report.also):
        rows = [(name, row) for name, row in shown_rows(one) if row.attribute != OVERALL]
        found += counts(report, one, [row for _, row in rows if row.group != ALL])
        found += [number(report, one, name, row) for name, row in rows]
    return found


def of_the_answers(report: GroupReport) -> list[Result]:
    """What went wrong on the way, and how fast it was."""
    data, speed = report.provenance["data"], report.provenance.get("speed")
    found = [Result("samples that could not be read", data["n_skipped"], unit="samples")]
    if speed:
        found.append(Result("speed", speed["images_per_second"], unit="images per second"))
    return found


def number(report: GroupReport, one: GroupReport, name: str, row: Row) -> Result:
    """A row to the digits that people see."""
    label = f"{name}{of_whom(report, one, row)}"
    return Result(label, rounded(row.value), rounded(row.low), rounded(row.high))


def counts(report: GroupReport, one: GroupReport, rows: list[Row]) -> list[Result]:
    """Samples and positives of each group, where they are shown."""
    found = []
    for row in {(row.attribute, row.group): row for row in rows}.values():
        for name, n in (("samples", row.n), ("positives", row.n_positive)):
            if n is not None:
                found.append(Result(f"{name}{of_whom(report, one, row)}", n, unit="samples"))
    return found


def of_whom(report: GroupReport, one: GroupReport, row: Row) -> str:
    """`, race: Black`; first the label, or the way of asking, where there are several."""
    which = "" if one is report else f", {label_of(one) or row.model}"
    attribute = "" if row.attribute == OVERALL else f", {row.attribute}"
    return f"{which}{attribute}" + ("" if row.group == ALL else f": {row.group}")
