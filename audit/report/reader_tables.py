"""Tables of readers: how far they agree, numbers against each, and their mean."""

from collections.abc import Sequence

from audit.report import layout
from audit.report.text_table import NAMES, TextTable, p_or_none
from fairness.attributes import OVERALL
from fairness.beside.tables import Agreement, Beside, ByReader, ReaderGap
from fairness.statistics.over_readers import METRICS
from fairness.tables.reader_labels import MAJORITY, MEAN

COEFFICIENTS = {
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
}
LARGEST = {
    "auc_difference": "AUC gap",
    "equal_opportunity_difference": "TPR gap",
    "false_positive_rate_difference": "FPR gap",
}
MEANT = (
    "mean over readers: what one reader's labels would give, over all such readers and patients, "
    "both resampled; two or three readers say little of how readers differ, which is in its "
    "interval"
)


def reader_tables(beside: Beside, *, brief: bool = False) -> list[TextTable]:
    """The tables; without pairs of groups and largest gaps where they must be `brief`."""
    if not beside.agreement:
        return []
    tables = [agreement_table(beside.agreement, beside.readers_note)]
    tables.append(number_table(beside.by_reader, brief=brief))
    if brief:
        return tables
    if gaps := gap_table(beside.by_reader):
        tables.append(gaps)
    if beside.reader_gaps:
        tables.append(pair_table(beside.reader_gaps))
    return tables


def agreement_table(lines: Sequence[Agreement], note: str) -> TextTable:
    """Everybody, then every group."""
    rows = tuple(
        (
            named(one.attribute, one.group),
            "" if one.n is None else str(one.n),
            layout.limited(one.agreement, one.agreement_low, one.agreement_high),
            layout.limited(one.value, one.low, one.high),
            one.reason or "",
        )
        for one in lines
    )
    heads = ("group", "read by two or more", "agree", COEFFICIENTS[lines[0].coefficient], "remark")
    return TextTable("Agreement of the readers", (note,), heads, rows)


def number_table(lines: Sequence[ByReader], *, brief: bool) -> TextTable:
    """A line a group and number; a column for the majority, every reader, and their mean."""
    readers = list(dict.fromkeys(one.reader for one in lines))
    cells = {(one.attribute, one.group, one.metric, one.reader): one for one in lines}
    if brief:
        readers = [one for one in readers if one in (MAJORITY, MEAN)]
    rows = []
    for attribute, group in dict.fromkeys((a, g) for a, g, m, _ in cells if m in METRICS):
        for metric in METRICS:
            found = [cells.get((attribute, group, metric, reader)) for reader in readers]
            if any(one is not None and one.value is not None for one in found):
                texts = [
                    cell(one, interval=not brief or one.reader == MEAN) if one else ""
                    for one in found
                ]
                rows.append((named(attribute, group), NAMES[metric], *texts))
    return TextTable(
        "Numbers against each reader", (MEANT,), ("group", "number", *readers), tuple(rows)
    )


def gap_table(lines: Sequence[ByReader]) -> TextTable | None:
    """Largest gaps of every attribute against the majority and every reader; None without any."""
    found = [one for one in lines if one.metric in LARGEST and one.value is not None]
    readers = list(dict.fromkeys(one.reader for one in found))
    cells = {(one.attribute, one.metric, one.reader): one for one in found}
    rows = []
    for attribute, metric in dict.fromkeys((a, m) for a, m, _ in cells):
        of_readers = [cells.get((attribute, metric, reader)) for reader in readers]
        texts = [cell(one) if one else "" for one in of_readers]
        rows.append((attribute, LARGEST[metric], *texts))
    if not rows:
        return None
    title = "Largest gaps against each reader"
    return TextTable(title, (), ("attribute", "number", *readers), tuple(rows))


def pair_table(gaps: Sequence[ReaderGap]) -> TextTable:
    """Pairs of groups against the majority, every reader, and on average over readers."""
    order = {name: k for k, name in enumerate(dict.fromkeys(one.metric for one in gaps))}
    rows = tuple(
        (
            one.attribute,
            NAMES.get(one.metric, one.metric),
            layout.pair(one.group_a, one.group_b),
            one.reader,
            layout.limited(one.value, one.low, one.high),
            p_or_none(one.p),
            layout.bracketed(one.low_adjusted, one.high_adjusted),
            p_or_none(one.p_adjusted),
        )
        for one in sorted(
            gaps, key=lambda one: (one.attribute, order[one.metric], one.group_a, one.group_b)
        )
    )
    heads = (
        "attribute", "number", "pair", "labels", "difference", "p", "joint interval", "joint p",
    )  # fmt: skip
    return TextTable("Pairs of groups against each reader", (), heads, rows)


def named(attribute: str, group: str) -> str:
    """`everybody`, or `race: Black`."""
    return "everybody" if attribute == OVERALL else f"{attribute}: {group}"


def cell(one: ByReader, *, interval: bool = True) -> str:
    """A number with its interval, or a dash."""
    if one.value is None:
        return layout.NOT_DEFINED
    return layout.limited(one.value, one.low, one.high) if interval else f"{one.value:.3f}"
