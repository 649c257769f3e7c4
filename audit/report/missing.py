"""Who is missing from the groups, as cells, and what they could change."""

from audit.policy.verdict import label_of
from audit.report.layout import limited, p_number
from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL
from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of
from fairness.unrecorded import MissingTest, Unrecorded

CELLS = ("attribute", "site", "outcome", "n", "unknown", "share")
TESTS = ("attribute", "related to", "effect", "p (adjusted)", "method")
RANGES = ("attribute", "number", "value", "best and worst case over the unknown")
EFFECTS = {
    "label": "prevalence {:+.3f}",
    "score": "scores higher with probability {:.3f}",
}


def name_of(one: Unrecorded) -> str:
    """The attribute, and the label of a report on several."""
    return f"{one.attribute}, {one.label}" if one.label else one.attribute


def cell_lines(report: GroupReport) -> list[tuple[str, ...]]:
    """How many are unknown, by attribute, site and label."""
    return [
        (
            name_of(one),
            cell.site,
            cell.outcome,
            str(cell.n),
            str(cell.unknown),
            limited(cell.share, cell.low, cell.high),
        )
        for one in report.unrecorded
        for cell in one.cells
    ]


def test_lines(report: GroupReport) -> list[tuple[str, ...]]:
    """Whether it is chance who is unknown."""
    return [
        (name_of(one), test.related_to, effect_text(test), p_text(test), test.method)
        for one in report.unrecorded
        for test in one.tests
    ]


def effect_text(test: MissingTest) -> str:
    """How the unknown differ from the others, in words."""
    if test.effect is None or test.related_to not in EFFECTS:
        return ""
    return EFFECTS[test.related_to].format(test.effect)


def p_text(test: MissingTest) -> str:
    """`0.012 (0.036)`; a dash where nothing could be tested."""
    if test.p is None or test.p_adjusted is None:
        return "-"
    return f"{p_number(test.p)} ({p_number(test.p_adjusted)})"


def range_lines(report: GroupReport) -> list[tuple[str, ...]]:
    """Best and worst case of each number over groups, wherever the unknown belong."""
    labelled = (one for one in report.also if label_of(one))
    return [line for one in (report, *labelled) for line in ranges_of(one)]


def ranges_of(report: GroupReport) -> list[tuple[str, ...]]:
    """Those of one report."""
    names = {metric: label for label, metric in tables_of(report).gaps.items()}
    plain, of_label = plain_attributes(report), label_of(report)
    return [
        (
            f"{row.attribute}, {of_label}" if of_label else row.attribute,
            names[row.metric],
            limited(row.value, row.low, row.high),
            f"{row.unknown_low:.3f} to {row.unknown_high:.3f}",
        )
        for row in report.rows
        if row.group == ALL and row.attribute in plain and row.attribute != OVERALL
        if row.metric in names and row.unknown_low is not None and row.unknown_high is not None
    ]


def withheld_lines(report: GroupReport) -> list[str]:
    """What is not shown, and why."""
    return [f"{name_of(one)}: {one.withheld}" for one in report.unrecorded if one.withheld]
