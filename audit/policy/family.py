"""All rules of a policy as one family: a FAIL that chance explains is none.

A verdict of FAIL needs one number outside its margin, so with many numbers some lie outside by
chance. Each is therefore held to a wider interval: in steps (Holm, Scandinavian Journal of
Statistics 1979), or to the one that all of them leave in 5 % of samples (single-step max-T of
Westfall and Young 1993, in its form for p-values). PASS needs all numbers inside their margins,
whose error is at most that of one of them (intersection-union; Berger 1982): nothing is adjusted.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from audit.policy.joint_level import METHODS, JointLevel
from audit.policy.policy import Policy
from audit.policy.verdict import Check, Judgement, judge
from fairness.outcomes import Contrast, GroupReport

At: TypeAlias = Callable[[float], tuple[GroupReport, Sequence[Contrast]]]
"""The report and the changes of a run, with intervals of any confidence."""

Unit: TypeAlias = tuple[int, str, str | None]
"""Rule, label, and group; of pairs, which hold jointly, no group."""


def judge_together(
    policy: Policy, at: At, confidence: float, shared: Callable[[], float]
) -> Judgement:
    """Hold every number to its margin, and all of them together where the policy asks for it.

    Args:
        policy: checked, as `judge` takes it.
        at: the report at a confidence; the same numbers whatever it is.
        confidence: of the intervals that are shown, and of the family.
        shared: error of one number at which all of them err together in 1 - `confidence`.
    """
    first = judge(policy, *at(confidence))
    units = [unit_of(policy, check) for check in first.checks]
    able = {u for u, c in zip(units, first.checks, strict=True) if can_fail(policy, c)}
    failed = {
        k
        for k, check in enumerate(first.checks)
        if check.verdict == "FAIL" and can_fail(policy, check)
    }
    level = JointLevel(
        method=policy.family,
        numbers=len(able),
        confidence=confidence,
        each=None,
        joint=any(rule.scope != "groups" for rule in policy.rules),
        estimates=any(rule.by == "estimate" for rule in policy.rules),
    )
    if policy.family == "none" or len(able) < 2 or not failed:
        return replace(first, level=level)
    if policy.family == "max-t":
        strictest = 1 - shared()
        again = judge(policy, *at(strictest)).checks
        kept = {k for k in failed if again[k].verdict == "FAIL"}
    else:
        strictest = 1 - (1 - confidence) / len(able)
        kept = by_holm(policy, at, confidence, units, failed, len(able))
    method = METHODS[policy.family]
    why = f"outside its margin alone, not together with {len(able) - 1} others ({method})"
    checks = tuple(
        replace(check, verdict="INCONCLUSIVE", reason=why) if k in failed - kept else check
        for k, check in enumerate(first.checks)
    )
    return replace(first, checks=checks, level=replace(level, each=strictest))


def by_holm(
    policy: Policy,
    at: At,
    confidence: float,
    units: Sequence[Unit],
    failed: set[int],
    number: int,
) -> set[int]:
    """Which of the checks that fail alone still do in Holm's steps.

    In each step the numbers that are left are held to the interval that is due to as many; those
    outside their margins even so leave the family, which makes the next interval shorter.
    """
    kept: set[int] = set()
    while len(kept) < len(failed):
        gone = {units[k] for k in kept}
        strict = 1 - (1 - confidence) / (number - len(gone))
        again = judge(policy, *at(strict)).checks
        more = {k for k in failed - kept if units[k] not in gone and again[k].verdict == "FAIL"}
        if not more:
            break
        kept |= more
    return kept


def unit_of(policy: Policy, check: Check) -> Unit:
    """What counts as one number of the family."""
    pairs = policy.rules[check.rule].scope == "pairs"
    return check.rule, check.label, None if pairs else check.group


def can_fail(policy: Policy, check: Check) -> bool:
    """Whether a number has an interval that could lie outside its margin."""
    by_interval = policy.rules[check.rule].by == "interval"
    return by_interval and check.value is not None and check.low is not None
