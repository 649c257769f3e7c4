"""From the rows of a data set to the numbers of groups: made of what a report shows anyhow."""

from dataclasses import dataclass

from audit.policy.verdict import label_of
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import GroupReport, Row
from fairness.tasks.catalogue import tables_of


@dataclass(frozen=True, kw_only=True)
class Missing:
    """The people without a recorded group of one attribute."""

    attribute: str
    label: str = ""
    """Of a report on several labels or classes; empty elsewhere."""
    unknown: int | None
    """Samples; None where the count is not shown."""
    share_of_positives: float | None
    """Share of the positives whose group is unknown; None where counts are not shown."""
    share_of_negatives: float | None


@dataclass(frozen=True, kw_only=True)
class Flow:
    """How many samples came as far as where."""

    read: int | None
    """Rows, or files; None where there are too few people to say."""
    skipped: int
    scored: int | None
    undecided: int | None = 0
    """Of these, cases that as many readers call positive as negative; None as of `read`."""
    missing: tuple[Missing, ...]
    hidden: tuple[str, ...]
    """Groups of which no number is shown, as `attribute group`."""


def flow_of(report: GroupReport) -> Flow:
    """The flow of a report; every number follows from its rows."""
    data = report.provenance["data"]
    scored, skipped = data["n"], data["n_skipped"]
    of_several = any(label_of(one) for one in report.also)
    labelled = [one for one in report.also if label_of(one)] if of_several else []
    return Flow(
        read=None if scored is None else scored + skipped,
        skipped=skipped,
        scored=scored,
        undecided=report.provenance.get("reader_labels", {}).get("undecided", 0),
        missing=tuple(line for one in (report, *labelled) for line in missing_of(one)),
        hidden=tuple(
            f"{row.attribute} {row.group}" for row in one_a_group(report) if is_hidden(row)
        ),
    )


def missing_of(report: GroupReport) -> list[Missing]:
    """One for each attribute of which somebody's group is unknown."""
    rows, plain = one_a_group(report), plain_attributes(report)
    overall = next((row for row in rows if row.attribute == OVERALL), None)
    found = []
    for row in rows:
        if row.group != UNKNOWN_LABEL or row.n == 0 or overall is None:
            continue
        if row.attribute not in plain:
            continue
        shares = [share(*pair) for pair in zip(classes(row), classes(overall), strict=True)]
        found.append(
            Missing(
                attribute=row.attribute,
                label=label_of(report),
                unknown=row.n,
                share_of_positives=shares[0],
                share_of_negatives=shares[1],
            )
        )
    return found


def one_a_group(report: GroupReport) -> list[Row]:
    """The rows of the first number that people see, one a group."""
    metric = next(iter(tables_of(report).groups.values()))
    return [row for row in report.rows if row.metric == metric]


def classes(row: Row) -> tuple[int | None, int | None]:
    """Positives and negatives, where both counts are shown."""
    if row.n is None or row.n_positive is None or row.suppressed is not None:
        return None, None
    return row.n_positive, row.n - row.n_positive


def share(part: int | None, whole: int | None) -> float | None:
    """Part of a whole; None where either is not shown or the whole is empty."""
    return None if part is None or not whole else round(part / whole, 4)


def is_hidden(row: Row) -> bool:
    """Whether a group exists of which no number is shown."""
    return (
        row.suppressed is not None and row.value is None and row.group not in (ALL, UNKNOWN_LABEL)
    )
