"""The verdict: a policy's margins held against the report's intervals.

PASS: the whole interval lies inside the margin, and nothing speaks against relying on it: no group
is left out or too small to infer from, the threshold divides each group, and the people of unknown
group could not carry the number over the margin wherever they belonged. FAIL: the whole interval
lies outside. Otherwise INCONCLUSIVE: the data cannot tell. Without a policy there is no verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from audit.policy.joint_level import JointLevel
from audit.policy.objections import (
    at_worst,
    inside,
    margin_of,
    missing_from_pairs,
    people_unknown,
    rows_of,
)
from audit.policy.planned import Planned
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
    label: str = ""
    """One of several labels or classes; empty where there is one, or all are meant."""
    rule: int = 0
    """Place of the rule in the policy, from 0."""


@dataclass(frozen=True)
class Judgement:
    """A policy and all of its checks."""

    policy: Policy
    checks: tuple[Check, ...]
    level: JointLevel | None = None
    """At which level all numbers hold together; None where that is not told."""
    planned: Planned | None = None
    """What was expected before the data; None where there was no plan."""

    @property
    def verdict(self) -> Verdict:
        """FAIL if anything fails, else INCONCLUSIVE if anything is, else PASS."""
        return strongest(check.verdict for check in self.checks)


def strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """FAIL if there is one, else INCONCLUSIVE if there is one, else PASS."""
    found = set(verdicts)
    return next((v for v in ORDER if v in found), "PASS")


def judge(policy: Policy, report: GroupReport, changes: Sequence[Contrast] = ()) -> Judgement:
    """Hold every number that a rule names against its margin.

    Args:
        policy: rules whose names `known_names.check_rules` has checked.
        report: the numbers, those of labels and of all of them together as `also`.
        changes: differences to a baseline run (`fairness/statistics/changes.py`), which rules with
            `change` need.
    """
    checks: list[Check] = []
    for k, rule in enumerate(policy.rules):
        for one in reports_of(rule, report):
            label = label_of(one)
            moved = [change for change in changes if change.label == label]
            found = list(numbers_of(rule, one, moved))
            compared = {group for check in found for group in (check.group, check.against)}
            if rule.scope == "pairs" and (missing := missing_from_pairs(rule, one, compared)):
                found.append(not_compared(rule, missing))
            found = found or [not_compared(rule, "the report has no such number")]
            checks += [replace(check, label=label, rule=k) for check in found]
    return Judgement(policy, tuple(checks))


def without_pass(judgement: Judgement, reason: str) -> Judgement:
    """The judgement of what can be no evidence that all is well: PASS is INCONCLUSIVE."""
    doubted = (
        replace(one, verdict="INCONCLUSIVE", reason=reason) if one.verdict == "PASS" else one
        for one in judgement.checks
    )
    return replace(judgement, checks=tuple(doubted))


def reports_of(rule: Rule, report: GroupReport) -> list[GroupReport]:
    """Those that a rule speaks of: of its label, of each label, or of no label alone."""
    if rule.label is not None:
        every = [one for one in (report, *report.also) if label_of(one)]
        return [one for one in every if rule.label in ("*", label_of(one))]
    together = [one for one in (report, *report.also) if not label_of(one)]
    having = (one for one in together if any(row.metric == rule.metric for row in one.rows))
    return [next(having, report)]


def label_of(report: GroupReport) -> str:
    """The label or class that a report is of; empty where it is of one, or of all together."""
    return report.rows[0].label if report.rows else ""


def not_compared(rule: Rule, reason: str) -> Check:
    """The check of a rule for what cannot be held to it, such as groups that are in no pair."""
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
        reason=reason,
    )


def numbers_of(rule: Rule, report: GroupReport, changes: Sequence[Contrast]) -> Iterator[Check]:
    """The checks that one rule makes."""
    place = (rule.metric, rule.attribute or OVERALL)
    rows = {row.group: row for row in rows_of(rule, report)}
    unknown = people_unknown(report, rule) if rule.scope != "groups" else 0
    if rule.change:
        for change in changes:
            named = rule.groups is None or change.group_a in rule.groups
            if named and (change.metric, change.attribute) == place:
                yield check(rule, change.group_a, None, change, change.reason, unknown)
    elif rule.scope == "pairs":
        for pair in report.contrasts:
            named = rule.groups is None or {pair.group_a, pair.group_b} <= set(rule.groups)
            if named and (pair.metric, pair.attribute) == place:
                sides = (pair.group_a, pair.group_b)
                doubts = [f"{side}: {rows[side].reason}" for side in sides if rows[side].reason]
                yield check(rule, *sides, pair, "; ".join(doubts), unknown)
    else:
        for row in rows.values():
            if is_wanted(rule, row.group):
                yield check(rule, row.group, None, row, row.reason, unknown)


def is_wanted(rule: Rule, group: str) -> bool:
    """Whether a rule on groups, or on the one number over all of them, speaks of this group."""
    if rule.attribute is None or rule.scope == "gap":
        return group == ALL
    if rule.groups is not None:
        return group in rule.groups
    return group not in (ALL, UNKNOWN_LABEL)


def check(
    rule: Rule,
    group: str,
    against: str | None,
    number: Row | Contrast,
    doubt: str | None,
    unknown: int | None,
) -> Check:
    """Hold one number against the margin of one rule.

    Args:
        rule: the rule.
        group: what the number is of.
        against: the other group of a pair.
        number: value and limits.
        doubt: why it may not pass even so.
        unknown: cases of unknown group that could move it; None: some, their number is hidden.
    """
    least, most = margin_of(rule)
    verdict, reason = verdict_of(rule, number)
    if verdict == "PASS":
        low, high = limits_of(rule, number)
        reasons = [
            "no interval of any width" if low is None or low == high else "",
            doubt or "",
            at_worst(rule, number, unknown),
        ]
        if any(reasons):
            verdict, reason = "INCONCLUSIVE", "; ".join(filter(None, reasons))
    return Check(
        attribute=number.attribute,
        group=group,
        against=against,
        metric=f"change of {rule.metric}" if rule.change else rule.metric,
        margin=margin_text(least, most),
        value=number.value,
        low=limits_of(rule, number)[0],
        high=limits_of(rule, number)[1],
        verdict=verdict,
        reason=reason,
    )


def limits_of(rule: Rule, number: Row | Contrast) -> tuple[float | None, float | None]:
    """The limits to judge: those of a pair hold for all pairs of the attribute together."""
    pairs = rule.scope == "pairs"
    if pairs and isinstance(number, Contrast) and number.low_adjusted is not None:
        return number.low_adjusted, number.high_adjusted
    return number.low, number.high


def verdict_of(rule: Rule, number: Row | Contrast) -> tuple[Verdict, str]:
    """The verdict on value and limits alone, and the reason where it is not the interval's."""
    if number.value is None:
        return "INCONCLUSIVE", number.reason or "undefined, or hidden because of few people"
    lower, upper = inside(rule)
    if rule.by == "estimate":
        return ("PASS" if lower <= number.value <= upper else "FAIL"), "on the estimate alone"
    low, high = limits_of(rule, number)
    if low is None or high is None:
        return "INCONCLUSIVE", number.reason or "no interval: too few cases"
    if lower <= low and high <= upper:
        return "PASS", ""
    if high < lower or low > upper:
        return "FAIL", ""
    return "INCONCLUSIVE", "the interval crosses the margin"


def margin_text(least: float | None, most: float | None) -> str:
    """`>= 0.8`, `<= 0.1`, or `-0.05 to 0.05`."""
    if least is None:
        return f"<= {most:g}"
    return f">= {least:g}" if most is None else f"{least:g} to {most:g}"
