"""What speaks against a PASS that the interval alone would give."""

from collections.abc import Collection

from audit.policy.policy import Rule
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import Contrast, GroupReport, Row


def rows_of(rule: Rule, report: GroupReport) -> list[Row]:
    """The rows of the rule's metric and attribute."""
    place = (rule.metric, rule.attribute or OVERALL)
    return [row for row in report.rows if (row.metric, row.attribute) == place]


def missing_from_pairs(rule: Rule, report: GroupReport, compared: Collection[str | None]) -> str:
    """Groups with people that take part in no pair; `compared` are those that do."""
    missing = [
        f"{row.group} ({row.reason or 'hidden'})"
        for row in rows_of(rule, report)
        if row.group not in (ALL, UNKNOWN_LABEL)
        and row.group not in compared
        and (rule.groups is None or row.group in rule.groups)
        and row.n != 0
    ]
    if missing:
        return f"not compared: {', '.join(missing)}"
    return "" if compared else "no two of the groups are large enough to compare"


def people_unknown(report: GroupReport, rule: Rule) -> int | None:
    """How many cases have no group of the rule's attribute; None where that is hidden."""
    place = (rule.attribute, UNKNOWN_LABEL)
    found = [row.n for row in report.rows if (row.attribute, row.group) == place]
    return found[0] if found else 0


def at_worst(rule: Rule, number: Row | Contrast, unknown: int | None) -> str:
    """Whether people of unknown group could carry the number over the margin; empty if not."""
    if unknown == 0:
        return ""
    who = "cases of unknown group" if unknown is None else f"the {unknown} of unknown group"
    low, high = number.unknown_low, number.unknown_high
    if low is None or high is None:
        return f"how far {who} could move it is not known"
    lower, upper = inside(rule)
    if lower <= low and high <= upper:
        return ""
    worst = low if low < lower else high
    return f"{worst:.3f} at worst, wherever {who} belong"


def inside(rule: Rule) -> tuple[float, float]:
    """The margin, without end where a rule names none."""
    least, most = margin_of(rule)
    return (float("-inf") if least is None else least), (float("inf") if most is None else most)


def margin_of(rule: Rule) -> tuple[float | None, float | None]:
    """Smallest and largest value that a rule allows; a pair may differ in either direction."""
    if rule.scope == "pairs" and rule.max is not None:
        return -rule.max, rule.max
    return rule.min, rule.max
