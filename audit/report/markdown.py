"""report.md: what the terminal shows, with every interval, for a merge request or a note."""

from collections.abc import Iterable, Sequence

from audit.policy.planned import Planned
from audit.policy.verdict import Judgement, label_of
from audit.report import layout, missing
from audit.report.beside_tables import text_tables
from audit.report.labels import HEADS, is_of_several, label_lines, label_notes
from audit.report.meanings import meanings
from audit.report.planned import (
    NUMBERS,
    RULES,
    level_lines,
    number_cells,
    plan_lines,
    rule_cells,
)
from fairness.beside.tables import Beside
from fairness.compat.compared import Compared
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of

FOLDED, UNFOLDED = ("<details>", "<summary>Families of tests</summary>"), "</details>"
"""Around what few people read; the only tags of a report."""


def to_markdown(
    report: GroupReport,
    judgement: Judgement | None,
    compared: Sequence[Compared],
    beside: Beside | None = None,
) -> str:
    """The whole report as Markdown; text that came from files or servers is escaped."""
    confidence = report.provenance["statistics"]["confidence"]
    lines = ["# Fairness audit", "", *(f"- {escape(line)}" for line in layout.headline(report))]
    lines += [
        f"- {escape(meanings(report, judgement))}",
        "- the same as a page: [report.html](report.html)",
        "",
    ]
    lines += verdict_lines(judgement)
    if is_of_several(report):
        lines += ["## Worst group of each label", ""]
        rows = ((one.attribute, one.label, *one.cells) for one in label_lines(report))
        lines += table(("attribute", "label", *HEADS), rows)
        lines += ["", *(f"- {escape(text)}" for text in label_notes(report)), ""]
        lines += ["# All together", ""]
    lines += report_lines(report, confidence)
    for other in report.also:
        title = f"# {escape(label_of(other) or other.rows[0].model)}"
        lines += ["", title, "", *report_lines(other, confidence)]
    lines += missing_lines(report)
    lines += beside_markdown(beside)
    several = report.also if is_of_several(report) else ()
    lines += ["", *FOLDED, ""]
    families = [one for of_one in (report, *several) for one in of_one.provenance["families"]]
    lines += [*(f"- {escape(family)}" for family in dict.fromkeys(families)), "", UNFOLDED]
    if compared:
        lines += ["", "## Beside the original evaluation", ""]
        columns = ("attribute", "group", "metric", "original", "ours")
        lines += table(columns, layout.compat_lines(report, compared))
    return "\n".join(lines) + "\n"


def report_lines(report: GroupReport, confidence: float) -> list[str]:
    """The tables of one way of asking."""
    recorded = [g for g in layout.group_lines(report) if g.group != layout.NOWHERE]
    nowhere = [g.attribute for g in layout.gap_lines(report) if g.note == layout.NOWHERE]
    lines = [f"## Groups (with {confidence:.0%} intervals)", ""]
    lines += table(
        ("attribute", "group", "n", "positive", *layout.labels(report)),
        ((g.attribute, g.group, g.n, g.positive, *g.cells) for g in recorded),
    )
    lines += ["", *(f"- {escape(text)}" for text in layout.footnotes(report))]
    if nowhere:
        lines.append(f"- {layout.NOWHERE}: {escape(', '.join(nowhere))}")
    lines.append("")
    lines += ["## Between groups", ""]
    lines += table(
        ("attribute", "number", "value", "furthest apart", "p (adjusted)", "remark"),
        (
            (g.attribute, g.label, g.value, g.groups, g.p, g.note)
            for g in layout.gap_lines(report)
            if g.attribute not in nowhere
        ),
    )
    lines += ["", f"## Pairs of groups: {layout.labels(report)[0]}", ""]
    lines += table(
        ("attribute", "pair", "difference", "p", "joint interval", "joint p", "detectable"),
        pair_lines(report),
    )
    power = report.provenance["statistics"]["power"]
    lines += ["", f"detectable: the difference that the test would find with {power:.0%}"]
    return lines


def beside_markdown(beside: Beside | None) -> list[str]:
    """What was asked for beside the report; nothing where nothing was."""
    lines: list[str] = []
    for one in text_tables(beside):
        lines += ["", f"## {one.title}", "", *(f"- {escape(note)}" for note in one.notes), ""]
        lines += table(one.heads, one.rows)
    return lines


def missing_lines(report: GroupReport) -> list[str]:
    """Who has no recorded group, whether that is chance, and what they could change."""
    if not report.unrecorded:
        return []
    lines = ["", "## Who is missing", ""]
    parts = (
        (missing.CELLS, missing.cell_lines(report)),
        (missing.TESTS, missing.test_lines(report)),
        (missing.RANGES, missing.range_lines(report)),
    )
    for columns, rows in parts:
        lines += [*table(columns, rows), ""] if rows else []
    return lines + [f"- {escape(text)}" for text in missing.withheld_lines(report)]


def pair_lines(report: GroupReport) -> list[tuple[str, ...]]:
    """Every pair in the first number shown: alone, then jointly with the others."""
    metric = next(iter(tables_of(report).groups.values()))
    return [
        (
            c.attribute,
            layout.pair(c.group_a, c.group_b),
            layout.limited(c.value, c.low, c.high),
            "" if c.p is None else layout.p_number(c.p),
            layout.bracketed(c.low_adjusted, c.high_adjusted),
            "" if c.p_adjusted is None else layout.p_number(c.p_adjusted),
            layout.NOT_DEFINED if c.mde is None else f"{c.mde:.3f}",
        )
        for c in report.contrasts
        if c.metric == metric
    ]


def verdict_lines(judgement: Judgement | None) -> list[str]:
    """The verdict and what it rests on."""
    if judgement is None:
        return ["No policy, no verdict: no margin was set.", ""]
    policy = judgement.policy
    lines = [f"## Verdict: {judgement.verdict}", "", f"Policy: {escape(policy.name)}. "]
    lines += [escape(policy.description), ""]
    rows = []
    for c in judgement.checks:
        value = layout.limited(c.value, c.low, c.high)
        rows.append(
            (c.metric, c.attribute, layout.subject(c), c.margin, value, c.verdict, c.reason)
        )
    columns = ("metric", "attribute", "group", "margin", "value", "verdict", "why")
    lines += [*table(columns, rows), ""]
    lines += [*(f"- {escape(text)}" for text in level_lines(judgement)), ""]
    return lines + planned_lines(judgement.planned)


def planned_lines(planned: Planned | None) -> list[str]:
    """What was expected before the data."""
    if planned is None:
        return []
    return [
        *(f"- {escape(text)}" for text in plan_lines(planned)),
        "",
        *table(RULES, map(rule_cells, planned.rules)),
        "",
        *table(NUMBERS, map(number_cells, planned.numbers)),
        "",
    ]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(map(escape, row)) + " |" for row in rows]


def escape(text: str) -> str:
    """No text can end a table cell, open a tag, mention somebody, or start a link or a formula."""
    for character in "\\`*_[]<>|&$~#@":
        text = text.replace(character, "\\" + character)
    text = text.replace("://", ":\\//").replace("www.", "www\\.")
    return " ".join(text.split())
