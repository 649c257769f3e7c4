"""Several runs against one reference in one table: everybody, worst group, gap, and changes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from audit.compare.comparison import SCHEMA_VERSION, Comparison
from audit.compare.levelling import Levelling
from audit.policy.verdict import ORDER, Verdict, label_of
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True)
class RunLine:
    """One of the runs."""

    number: int
    """1 is the first on the command line."""
    name: str
    folder: str
    threshold: float | None
    page: str | None
    """Of the run against the reference, relative to this folder; None of the reference."""
    verdict: Verdict | None
    """On the rules of a policy about changes; None without one."""


@dataclass(frozen=True)
class Standing:
    """One run in one attribute: the first number of its tables, of all labels or of one."""

    run: int
    label: str
    attribute: str
    metric: str
    overall: Row
    worst: Row | None
    """The lowest group of this very run; None where no two have numbers that may be shown."""
    gap: Row | None
    """The largest gap of this very run."""
    overall_change: Contrast | None
    """Against the reference; None of the reference itself."""
    worst_change: Contrast | None
    """Of the reference's lowest group."""
    gap_change: Contrast | None
    """Of the gap between the reference's highest and lowest group."""
    said: str
    """What became of that gap."""


@dataclass(frozen=True)
class Overview:
    """All runs against one reference: aggregates only, may be shared."""

    runs: tuple[RunLine, ...]
    """The reference first."""
    rows: tuple[Standing, ...]
    reports: tuple[GroupReport, ...]
    """Of the runs."""
    about: Mapping[str, Any]
    """Number of samples, note and statistics."""

    @property
    def verdict(self) -> Verdict | None:
        """The worst of all runs; None without a policy."""
        return worst_of([run.verdict for run in self.runs if run.verdict is not None])

    def document(self) -> dict[str, Any]:
        """What compare.json of several runs holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "about": dict(self.about),
            "reference": self.runs[0].number,
            "verdict": self.verdict,
            "runs": [asdict(run) for run in self.runs],
            "rows": [asdict(row) for row in self.rows],
        }


def worst_of(verdicts: Sequence[Verdict]) -> Verdict | None:
    """FAIL if any is, else INCONCLUSIVE if any is, else PASS; None of none."""
    if not verdicts:
        return None
    return next((verdict for verdict in ORDER if verdict in verdicts), "PASS")


def overview(
    numbers: Sequence[int], pages: Sequence[str], comparisons: Sequence[Comparison]
) -> Overview:
    """One table of the comparisons.

    Args:
        numbers: of the reference, then of each other run.
        pages: of each comparison, relative to the folder of the table.
        comparisons: each of another run against the same reference.
    """
    about = comparisons[0].about
    lines = [RunLine(numbers[0], **seen(about["first"]), page=None, verdict=None)]
    rows = standings(numbers[0], comparisons[0].first, None)
    for number, page, one in zip(numbers[1:], pages, comparisons, strict=True):
        verdict = one.judgement.verdict if one.judgement else None
        lines.append(RunLine(number, **seen(one.about["second"]), page=page, verdict=verdict))
        rows += standings(number, one.second, one)
    reports = (comparisons[0].first, *(one.second for one in comparisons))
    kept = {name: about[name] for name in ("n", "note", "statistics")}
    return Overview(tuple(lines), tuple(rows), reports, kept)


def seen(side: Mapping[str, Any]) -> dict[str, Any]:
    """What a line of the table says of a run."""
    return {name: side[name] for name in ("name", "folder", "threshold")}


def standings(run: int, report: GroupReport, against: Comparison | None) -> list[Standing]:
    """A run in every attribute as recorded, all labels together and then each."""
    found = []
    for one in (report, *report.also):
        label = label_of(one)
        if one is not report and not label:
            continue  # another average of the same labels
        metric = next(iter(tables_of(one).groups.values()))
        table = {(row.attribute, row.group): row for row in one.rows if row.metric == metric}
        gaps = {row.attribute: row for row in one.rows if row.metric == f"{metric}_difference"}
        for attribute in plain_attributes(one):
            moved = level_of(against, label, attribute)
            found.append(
                Standing(
                    run,
                    label,
                    attribute,
                    metric,
                    table[OVERALL, ALL],
                    worst_row(table, attribute),
                    gaps.get(attribute),
                    overall_change(against, label, metric),
                    moved.worst_change if moved else None,
                    moved.gap_change if moved else None,
                    moved.said if moved else "",
                )
            )
    return found


def worst_row(table: Mapping[tuple[str, str], Row], attribute: str) -> Row | None:
    """The lowest group of an attribute that has a number; None of fewer than two."""
    rows = [
        row
        for (name, group), row in table.items()
        if name == attribute and group not in (ALL, UNKNOWN_LABEL) and row.value is not None
    ]
    return min(rows, key=lambda row: row.value or 0.0) if len(rows) > 1 else None


def level_of(against: Comparison | None, label: str, attribute: str) -> Levelling | None:
    """What became of a gap; None where it cannot be told."""
    of_all = against.levelling if against else ()
    return next((x for x in of_all if (x.label, x.attribute) == (label, attribute)), None)


def overall_change(against: Comparison | None, label: str, metric: str) -> Contrast | None:
    """The change of the number of everybody."""
    place = (label, OVERALL, metric)
    of_all = against.changes if against else ()
    return next((c for c in of_all if (c.label, c.attribute, c.metric) == place), None)
