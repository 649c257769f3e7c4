"""What was expected before the data, as lines and cells beside the verdict."""

from collections.abc import Sequence

from audit.policy.planned import NumberPlanned, Planned, RulePlanned
from audit.policy.verdict import Judgement
from audit.report.layout import NOT_DEFINED, limited

RULES = ("rule", "PASS expected", "FAIL", "INCONCLUSIVE", "verdict")
NUMBERS = ("attribute", "group", "number", "assumed", "found")


def level_lines(judgement: Judgement) -> Sequence[str]:
    """At which level the numbers of the policy hold together."""
    return judgement.level.lines if judgement.level is not None else ()


def plan_lines(planned: Planned) -> list[str]:
    """Which plan, and what does not fit to it."""
    first = (
        f"planned before: plan written {planned.written}, sha256 {planned.sha256}, "
        f"{planned.draws} simulated audits"
    )
    return [first, *(f"plan: {remark}" for remark in planned.remarks)]


def rule_cells(rule: RulePlanned) -> tuple[str, ...]:
    """One line of the table of rules."""
    shares = (f"{100 * share:.1f} %" for share in (rule.passes, rule.fails, rule.open))
    return (rule.rule, *shares, rule.verdict)


def number_cells(number: NumberPlanned) -> tuple[str, ...]:
    """One line of the table of assumptions."""
    if number.number == "n":
        assumed = f"{number.assumed:.0f}"
        found = NOT_DEFINED if number.found is None else f"{number.found:.0f}"
    else:
        assumed = f"{number.assumed:.3f}"
        found = limited(number.found, number.low, number.high)
    return (number.attribute, number.group, number.number, assumed, found)
