"""The table that leads a report on several labels: it fits a terminal, and hides what is hidden."""

import io
from typing import Any

from rich.console import Console

from audit.report.labels import HEADS, label_lines, label_notes
from audit.report.markdown import to_markdown
from audit.report.terminal import print_labels
from fairness.outcomes import Contrast, GroupReport, Row

ATTRIBUTES = {"sex": ("Female", "Male"), "race": ("Asian", "Black or African American", "White")}
LONG = "Enlarged Cardiomediastinum"
SETTINGS = {
    "suppress_below": 11,
    "suppress_positives_below": None,
    "confidence": 0.95,
    "power": 0.8,
}
ABOUT: dict[str, Any] = {
    "what_answered": "m",
    "threshold": None,
    "data": {"dataset": "d", "split": "s", "path": "p", "n": 1, "n_skipped": 0, "statement": ""},
    "statistics": SETTINGS,
    "families": [],
}


def row(label: str, attribute: str, group: str, metric: str, value: float | None) -> Row:
    names = ("m", "d", "s", attribute, group, metric, value, value, value, "wilson")
    if value is None:
        return Row(*names, None, None, None, suppressed="few people", label=label)
    return Row(*names, 100, 50, None, label=label)


def report_of(label: str, number: int, hidden: bool) -> GroupReport:
    """AUCs that fall from group to group; the last of them hidden where it is said."""
    rows = [row(label, "overall", "all", "auc", 0.9)]
    contrasts = []
    for attribute, groups in ATTRIBUTES.items():
        for k, group in enumerate(groups):
            gone = hidden and group == "White"
            rows.append(row(label, attribute, group, "auc", None if gone else 0.812 - 0.1 * k))
        rows.append(row(label, attribute, "all", "auc_difference", 0.1))
        contrasts.append(Contrast(attribute, "auc_difference", groups[0], groups[1], 0.1, 0.0, 0.2,
                                  0.01, p_adjusted=0.01 * number, label=label))  # fmt: skip
    return GroupReport(tuple(rows), ABOUT, tuple(contrasts))


def several(hidden: bool = False) -> GroupReport:
    first = GroupReport((row("", "overall", "all", "macro_auc", 0.9),), ABOUT, kind="macro")
    reports = tuple(report_of(f"{LONG} {k}"[-26:], k + 1, hidden) for k in range(14))
    return GroupReport(first.rows, ABOUT, also=reports, kind="macro")


def shown(report: GroupReport, width: int) -> list[str]:
    text = io.StringIO()
    print_labels(report, Console(file=text, width=width))
    return text.getvalue().splitlines()


def test_every_label_is_once_in_every_attribute_with_its_worst_group() -> None:
    lines = label_lines(several())
    assert len(lines) == 14 * 2
    worst = {line.attribute: dict(zip(HEADS, line.cells, strict=True)) for line in lines[::14]}
    assert worst["sex"] == {
        "AUC": "0.900",
        "worst group": "Male",
        "its AUC": "0.712 [0.712, 0.712]",
        "gap": "0.100",
        "adj. p": "0.010",
    }
    assert worst["race"]["worst group"] == "White"


def test_fourteen_labels_fit_eighty_columns() -> None:
    lines = shown(several(), 80)
    assert max(map(len, lines)) <= 80
    assert sum("0.900" in line for line in lines) == 28, "numbers are never cut"


def test_a_hidden_group_is_never_called_the_worst_and_the_table_says_so() -> None:
    report = several(hidden=True)
    (line,) = {one.cells[1] for one in label_lines(report) if one.attribute == "race"}
    assert line == "Black or African American"
    assert label_notes(several()) == []
    (note,) = label_notes(report)
    assert note in to_markdown(report, None, ())
    assert note in " ".join(shown(report, 120))
