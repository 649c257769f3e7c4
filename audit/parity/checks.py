"""Scores, flips and changes of a served model against what is allowed.

Scores and flips are facts about these samples. Of the change of a group's number the whole joint
interval must lie within the limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from audit.parity.distances import Apart, is_compared
from fairness.outcomes import Contrast

OF_SCORES = ("auc", "selection_rate", "true_positive_rate", "false_positive_rate")
"""Of a score, also of each label or class: the numbers that are judged where none are named."""
TOGETHER = {
    "multilabel": tuple(f"macro_{name}" for name in OF_SCORES),
    "multiclass": ("accuracy", "balanced_accuracy"),
}
"""The same of all labels, or classes, together, by kind of model."""

Verdict: TypeAlias = Literal["PASS", "FAIL", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Tolerances:
    """How far the served model may be from the reference."""

    score: float
    """Largest difference of a score, or of a Dice coefficient of a case."""
    flips: float
    """Share of the decisions of a group, 0 to 1."""
    change: float
    """Of a number of a group."""
    metrics: tuple[str, ...] = ()
    """Numbers whose changes are judged; none: those of the kind of model."""


@dataclass(frozen=True)
class Check:
    """One number of one group against what is allowed."""

    attribute: str
    group: str
    what: str
    """`answers`, `score`, `flips`, or the metric that changed."""
    value: float | None
    """None of a share of people who are too few to be counted."""
    low: float | None
    high: float | None
    limit: float
    verdict: Verdict
    label: str = field(default="", kw_only=True)
    """One of several labels or classes; empty where there is one, or all are meant."""


def checks_of_answers(
    apart: Sequence[Apart], tolerances: Tolerances, *, few: bool = False
) -> list[Check]:
    """Unusable answers, scores and flips: facts about these samples, without an interval.

    Args:
        apart: of groups that may be counted, and overall.
        tolerances: what is allowed.
        few: whether all are so few that no share of them is told: their number would follow.
    """
    found = []

    def check(one: Apart, what: str, value: float, limit: float) -> None:
        verdict: Verdict = "PASS" if value <= limit else "FAIL"
        told = None if few and what != "score" else value
        place = (one.attribute, one.group, what, told)
        found.append(Check(*place, None, None, limit, verdict, label=one.label))

    for one in apart:
        if one.unusable:
            check(one, "answers", one.unusable / one.n, 0.0)
        if one.largest is not None:
            check(one, "score", one.largest, tolerances.score)
        if one.flips is not None and one.decisions:
            check(one, "flips", one.flips / one.decisions, tolerances.flips)
    return found


def checks_of_changes(
    changes: Sequence[Contrast], apart: Sequence[Apart], tolerances: Tolerances, kind: str
) -> list[Check]:
    """The joint interval of each change: within the limit, wholly beyond it, or neither.

    `kind` is that of the model.
    """
    same = {(one.label, one.attribute, one.group) for one in apart if one.largest == 0}
    found = []
    for one in changes:
        if one.value is None or not is_judged(one, tolerances, kind):
            continue
        unmoved = (one.label, one.attribute, one.group_a) in same
        verdict = verdict_of(one, tolerances.change, unmoved=unmoved)
        limits = (one.low_adjusted, one.high_adjusted)
        place = (one.attribute, one.group_a, one.metric, one.value)
        found.append(Check(*place, *limits, tolerances.change, verdict, label=one.label))
    return found


def is_judged(change: Contrast, tolerances: Tolerances, kind: str) -> bool:
    """Whether the change of a number is held to the limit."""
    if tolerances.metrics:
        return change.metric in tolerances.metrics
    if kind in TOGETHER and not change.label:
        return change.metric in TOGETHER[kind]
    return change.metric in OF_SCORES or is_compared(change.metric)


def verdict_of(change: Contrast, limit: float, *, unmoved: bool) -> Verdict:
    """What the joint interval of a change says.

    Args:
        change: with a value.
        limit: of its size.
        unmoved: whether every answer is equal, so that a mean needs no interval.
    """
    low, high = change.low_adjusted, change.high_adjusted
    if low is None or high is None:
        return "PASS" if unmoved else "INCONCLUSIVE"
    if -limit <= low and high <= limit:
        return "PASS"
    return "FAIL" if low > limit or high < -limit else "INCONCLUSIVE"
