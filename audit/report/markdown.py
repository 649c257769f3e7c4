"""report.md: what the terminal shows, with every interval, for a merge request or a note."""

from collections.abc import Iterable, Sequence

from audit.policy import Policy
from audit.report.layout import (
    GROUP_METRICS,
    compat_lines,
    gap_lines,
    group_lines,
    headline,
    limited,
    subject,
)
from audit.verdict import Check, overall_verdict
from fairness.compat import Compared
from fairness.outcomes import GroupReport


def to_markdown(
    report: GroupReport,
    policy: Policy | None,
    checks: Sequence[Check] | None,
    compared: Sequence[Compared],
) -> str:
    """The whole report as Markdown; text that came from files or servers is escaped."""
    least = report.provenance["statistics"]["suppress_below"]
    confidence = report.provenance["statistics"]["confidence"]
    lines = ["# Fairness audit", "", *(f"- {escape(line)}" for line in headline(report)), ""]
    lines += verdict_lines(policy, checks)
    lines += [f"## Groups (with {confidence:.0%} intervals)", ""]
    lines += table(
        ("attribute", "group", "n", "positive", *GROUP_METRICS),
        ((g.attribute, g.group, g.n, g.positive, *g.cells) for g in group_lines(report)),
    )
    lines += ["", f"\\* hidden: fewer than {least} people, or needed to hide such a group", ""]
    lines += ["## Between groups", ""]
    lines += table(
        ("attribute", "number", "value", "furthest apart", "p (adjusted)", "remark"),
        ((g.attribute, g.label, g.value, g.groups, g.p, g.note) for g in gap_lines(report)),
    )
    lines += ["", "## Families of tests", ""]
    families = report.provenance["families"]
    lines += [f"- {escape(name)}: {tests} tests" for name, tests in families.items()]
    if compared:
        lines += ["", "## Beside the original FairCLIP evaluation", ""]
        columns = ("attribute", "group", "metric", "original", "ours")
        lines += table(columns, compat_lines(report, compared))
    return "\n".join(lines) + "\n"


def verdict_lines(policy: Policy | None, checks: Sequence[Check] | None) -> list[str]:
    """The verdict and what it rests on."""
    if policy is None or checks is None:
        return ["No policy, no verdict: no margin was set.", ""]
    lines = [f"## Verdict: {overall_verdict(checks)}", "", f"Policy: {escape(policy.name)}. "]
    lines += [escape(policy.description), ""]
    rows = []
    for c in checks:
        value = limited(c.value, c.low, c.high)
        rows.append((c.metric, c.attribute, subject(c), c.margin, value, c.verdict, c.reason))
    columns = ("metric", "attribute", "group", "margin", "value", "verdict", "why")
    return [*lines, *table(columns, rows), ""]


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
