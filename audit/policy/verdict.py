"""The verdict: a policy's margins held against the report's intervals.

PASS: the whole interval lies inside the margin. FAIL: the whole interval lies outside. Otherwise
INCONCLUSIVE: the data cannot tell. Without a policy there is no verdict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from audit.policy.policy import Policy, Rule
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import Contrast, GroupReport, Row

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
ORDER: tuple[Verdict, ...] = ("FAIL", "INCONCLUSIVE")
"""Verdicts of checks that decide the verdict of the policy, the strongest first."""


@dataclass(frozen=True)
class Check:
    """One number held against one rule."""

    attribute: str
    group: str
    """A group, or `all`."""
    against: str | None
    """The other group of a pair, whose number is subtracted; None otherwise."""
    metric: str
    margin: str
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str
    """Empty for PASS and FAIL by the interval."""


@dataclass(frozen=True)
class Judgement:
    """A policy and all of its checks."""

    policy: Policy
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL if anything fails, else INCONCLUSIVE if anything is, else PASS."""
        found = {check.verdict for check in self.checks}
        return next((v for v in ORDER if v in found), "PASS")


def judge(policy: Policy, report: GroupReport, changes: Sequence[Contrast] = ()) -> Judgement:
    """Hold every number that a rule names against its margin.

    Args:
        policy: rules whose names `known_names.check_rules` has checked.
        report: the numbers.
        changes: differences to a baseline run (`fairness/statistics/changes.py`), which rules with
            `change` need.
    """
    checks: list[Check] = []
    for rule in policy.rules:
        checks += list(numbers_of(rule, report, changes)) or [without_numbers(rule)]
    return Judgement(policy, tuple(checks))


def without_numbers(rule: Rule) -> Check:
    """The check of a rule on pairs where no two groups are compared."""
    return Check(
        attribute=rule.attribute or OVERALL,
        group=ALL,
        against=None,
        metric=rule.metric,
        margin=margin_text(*margin_of(rule)),
        value=None,
        low=None,
        high=None,
        verdict="INCONCLUSIVE",
        reason="no two of the groups are large enough to compare",
    )


def numbers_of(rule: Rule, report: GroupReport, changes: Sequence[Contrast]) -> Iterator[Check]:
    """The checks that one rule makes."""
    place = (rule.metric, rule.attribute or OVERALL)
    if rule.change:
        for change in changes:
            named = rule.groups is None or change.group_a in rule.groups
            if named and (change.metric, change.attribute) == place:
                yield check(rule, change.group_a, None, change)
    elif rule.scope == "pairs":
        for pair in report.contrasts:
            named = rule.groups is None or {pair.group_a, pair.group_b} <= set(rule.groups)
            if named and (pair.metric, pair.attribute) == place:
                yield check(rule, pair.group_a, pair.group_b, pair)
    else:
        for row in report.rows:
            if (row.metric, row.attribute) == place and is_wanted(rule, row.group):
                yield check(rule, row.group, None, row)


def is_wanted(rule: Rule, group: str) -> bool:
    """Whether a rule on groups, or on the one number over all of them, speaks of this group."""
    if rule.attribute is None or rule.scope == "gap":
        return group == ALL
    if rule.groups is not None:
        return group in rule.groups
    return group not in (ALL, UNKNOWN_LABEL)


def check(rule: Rule, group: str, against: str | None, number: Row | Contrast) -> Check:
    """Hold one number against the margin of one rule."""
    least, most = margin_of(rule)
    verdict, reason = verdict_of(rule, number)
    return Check(
        attribute=number.attribute,
        group=group,
        against=against,
        metric=f"change of {rule.metric}" if rule.change else rule.metric,
        margin=margin_text(least, most),
        value=number.value,
        low=number.low,
        high=number.high,
        verdict=verdict,
        reason=reason,
    )


def verdict_of(rule: Rule, number: Row | Contrast) -> tuple[Verdict, str]:
    """The verdict on one number, and the reason where it is not the interval's."""
    if number.value is None:
        hidden = "undefined, or hidden because of few people"
        return "INCONCLUSIVE", (number.reason if isinstance(number, Row) else None) or hidden
    least, most = margin_of(rule)
    lower = float("-inf") if least is None else least
    upper = float("inf") if most is None else most
    if rule.by == "estimate":
        return ("PASS" if lower <= number.value <= upper else "FAIL"), "on the estimate alone"
    if number.low is None or number.high is None:
        return "INCONCLUSIVE", "no interval: too few cases"
    if lower <= number.low and number.high <= upper:
        return "PASS", ""
    if number.high < lower or number.low > upper:
        return "FAIL", ""
    return "INCONCLUSIVE", "the interval crosses the margin"


def margin_of(rule: Rule) -> tuple[float | None, float | None]:
    """Smallest and largest value that a rule allows; a pair may differ in either direction."""
    if rule.scope == "pairs" and rule.max is not None:
        return -rule.max, rule.max
    return rule.min, rule.max


def margin_text(least: float | None, most: float | None) -> str:
    """`>= 0.8`, `<= 0.1`, or `-0.05 to 0.05`."""
    if least is None:
        return f"<= {most:g}"
    return f">= {least:g}" if most is None else f"{least:g} to {most:g}"
