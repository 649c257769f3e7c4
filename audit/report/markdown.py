"""report.md: the terminal's table, for a merge request or a note."""

from audit.report.layout import GROUP_COLUMNS, gap_lines, group_lines, headline
from fairness.outcomes import GroupReport


def to_markdown(report: GroupReport) -> str:
    """The whole report as Markdown; text that came from files or servers is escaped."""
    lines = ["# Fairness audit", "", *(f"- {escape(line)}" for line in headline(report)), ""]
    lines.append("| attribute | group | " + " | ".join(GROUP_COLUMNS) + " |")
    lines.append("|---|---|" + "---:|" * len(GROUP_COLUMNS))
    for line in group_lines(report):
        cells = (line.attribute, line.group, *line.cells)
        lines.append("| " + " | ".join(escape(cell) for cell in cells) + " |")
    lines += ["", "## Between groups", ""]
    lines += [f"- {escape(gap.attribute)}: {escape(gap.text)}" for gap in gap_lines(report)]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """No text can end a table cell, open a tag or start a link."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
