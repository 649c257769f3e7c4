"""The page of a served model against its reference: parity.html."""

from audit.page.compare import compare_page
from audit.page.overview import NAME
from audit.parity.checks import Check
from audit.parity.distances import Apart
from audit.parity.judged import Parity
from fairness.attributes import OVERALL
from fairness.groups import NOT_RECORDED
from fairness.text import short

MOST = 12
"""Failed checks in the head of the page; parity.json holds all."""


def parity_page(parity: Parity) -> str:
    """The page of the comparison with a head that says verdict, tolerances and distances."""
    failed = worst_first(parity)
    return compare_page(
        parity.comparison,
        "parity.html.jinja",
        parity=parity,
        failed=[said(check) for check in failed[:MOST]],
        apart=[one for one in parity.apart if not is_again(one) and not one.label],
        apart_in_labels=furthest_first(parity),
        further=max(0, len(failed) - MOST),
        furthest=furthest(parity),
        open_checks=sum(check.verdict == "INCONCLUSIVE" for check in parity.checks),
    )


def worst_first(parity: Parity) -> list[Check]:
    """The failed checks, unusable answers first, then by how far each is beyond its limit.

    What all labels together fail is left out where one of them fails the same.
    """
    failed = [check for check in parity.checks if check.verdict == "FAIL" and not is_again(check)]
    of_labels = {(c.attribute, c.group, c.what) for c in failed if c.label}
    failed = [c for c in failed if c.label or (c.attribute, c.group, c.what) not in of_labels]
    return sorted(failed, key=lambda c: (c.what != "answers", -times_limit(c)))


def furthest_first(parity: Parity) -> list[Apart]:
    """Groups of each label: those that lack most answers, then those that moved most."""
    rows = [one for one in parity.apart if one.label and not is_again(one)]
    return sorted(rows, key=lambda one: (-one.unusable / one.n, -(one.mean or 0.0)))


def times_limit(check: Check) -> float:
    """How far a number is beyond its limit; that of people who are not counted comes last."""
    return 0.0 if check.value is None else abs(check.value) / max(check.limit, 1e-12)


def is_again(one: Check | Apart) -> bool:
    """Whether a group is the same as one of the attribute without the unknown as a group."""
    return one.attribute.endswith(" (unknown as a group)") and one.group != NOT_RECORDED


def furthest(parity: Parity) -> str:
    """The group, and label, whose answers moved most on average, or lack most; or nothing."""
    several = any(one.label for one in parity.apart)
    groups = [
        one for one in parity.apart if one.attribute != OVERALL and bool(one.label) == several
    ]
    if not groups:
        return ""
    one = max(groups, key=lambda apart: (apart.unusable / apart.n, apart.mean or 0.0))
    who = f"furthest off: {named(one)}"
    if one.unusable:
        return f"{who}, {one.unusable} of {one.n} answers unusable"
    return f"{who}, by {one.mean:.2g} on average" if one.mean else ""


def named(one: Check | Apart) -> str:
    """Label, attribute and group, each of bounded length."""
    label = f"{short(one.label, NAME)}, " if one.label else ""
    if one.attribute == OVERALL:
        return f"{label}everybody"
    return f"{label}{short(one.attribute, NAME)} {short(one.group, NAME)}"


def said(check: Check) -> str:
    """A check in one line: whom it is about, what was found, and what is allowed."""
    who = named(check)
    if check.value is None:
        what = "answers are no probability" if check.what == "answers" else "decisions flip"
        return f"{who}: more {what} than allowed; the people are too few to say how many"
    if check.what == "answers":
        return f"{who}: {check.value:.1%} of the answers are no probability"
    if check.what == "score":
        return f"{who}: scores differ by up to {check.value:.2g}, {check.limit:g} is allowed"
    if check.what == "flips":
        return f"{who}: {check.value:.1%} of the decisions flip, {check.limit:.1%} is allowed"
    low, high = check.low, check.high
    interval = "" if low is None or high is None else f" [{low:+.3f}, {high:+.3f}]"
    metric = check.what.replace("_", " ")
    return f"{who}: {metric} changes by {check.value:+.3f}{interval}, {check.limit:g} is allowed"
