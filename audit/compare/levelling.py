"""Whether a gap shrank by lifting the worst group, or by lowering the best one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairness.attributes import OVERALL
from fairness.outcomes import Contrast


@dataclass(frozen=True)
class Levelling:
    """What became of the gap between the best and the worst group of the first run."""

    attribute: str
    metric: str
    worst: str
    best: str
    gap_before: float
    gap_after: float
    """Of the same two groups."""
    worst_change: Contrast
    best_change: Contrast
    said: str


def levelling(
    metric: str, before: Mapping[tuple[str, str], float], changes: Sequence[Contrast]
) -> list[Levelling]:
    """One entry an attribute whose groups have numbers in both runs.

    Args:
        metric: of which higher is better, such as `auc`.
        before: (attribute, group) to value in the first run, shown groups only.
        changes: second run minus first, by group.
    """
    found = []
    of_metric = {(c.attribute, c.group_a): c for c in changes if c.metric == metric}
    for attribute in dict.fromkeys(name for name, _ in before if name != OVERALL):
        groups = [
            (value, group)
            for (name, group), value in before.items()
            if name == attribute and known(of_metric.get((attribute, group)))
        ]
        if len(groups) < 2:
            continue
        (low, worst), (high, best) = min(groups), max(groups)
        of_worst, of_best = of_metric[attribute, worst], of_metric[attribute, best]
        moved = (of_best.value or 0.0) - (of_worst.value or 0.0)
        found.append(
            Levelling(
                attribute, metric, worst, best, high - low, high - low + moved,
                of_worst, of_best, in_words(of_worst, of_best, high - low, moved),
            )
        )  # fmt: skip
    return found


def known(change: Contrast | None) -> bool:
    """Whether a change has a number."""
    return change is not None and change.value is not None


def in_words(worst: Contrast, best: Contrast, gap: float, moved: float) -> str:
    """What happened, and whether the two changes are more than chance, jointly over the groups."""
    lifted, lowered = sure(worst, up=True), sure(best, up=False)
    if gap == 0 or moved == 0:
        return "the gap is as it was"
    if gap + moved < 0:
        sign = "more than chance explains" if lifted or lowered else "perhaps by chance"
        return f"the two groups have changed places, {sign}"
    if moved > 0:
        if sure(worst, up=False):
            return "wider because the worst group lost"
        if sure(best, up=True):
            return "wider because the best group gained"
        return "wider, but neither group changed more than chance explains"
    if lifted and not lowered:
        return "narrower because the worst group gained"
    if lowered and not lifted:
        return "levelled down: narrower because the best group lost"
    if lifted and lowered:
        return "narrower: the worst group gained and the best one lost"
    return "narrower, but neither group changed more than chance explains"


def sure(change: Contrast, *, up: bool) -> bool:
    """Whether the joint interval of a change lies on one side of 0."""
    low, high = change.low_adjusted, change.high_adjusted
    if low is None or high is None:
        return False
    return low > 0 if up else high < 0
