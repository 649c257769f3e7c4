"""Whether a gap shrank by lifting the worst group, or by lowering the best one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from audit.report.recorded import plain_attributes
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.outcomes import Contrast, GroupReport
from fairness.tasks.catalogue import tables_of


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
    gap_change: Contrast
    """Best minus worst, second minus first."""
    worst_change: Contrast
    best_change: Contrast
    said: str
    label: str = field(default="", kw_only=True)
    """One of several labels or classes; empty where there is one, or all are meant."""


def levelling(
    report: GroupReport,
    changes: Sequence[Contrast],
    gap_change: Callable[[tuple[str, str, str, str]], Contrast],
) -> list[Levelling]:
    """One entry an attribute as recorded whose groups have numbers in both runs.

    Args:
        report: of the first run; the first number of its tables is what gaps are of.
        changes: of the same report, second run minus first, by group.
        gap_change: of attribute, metric, best and worst group.
    """
    found = []
    metric = next(iter(tables_of(report).groups.values()))
    of_metric = {(c.attribute, c.group_a): c for c in changes if c.metric == metric}
    plain = plain_attributes(report)
    before = {
        (row.attribute, row.group): row.value
        for row in report.rows
        if row.metric == metric and row.value is not None and row.attribute in plain
        if row.group not in (ALL, UNKNOWN_LABEL)
    }
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
        of_gap = gap_change((attribute, metric, best, worst))
        found.append(
            Levelling(
                attribute, metric, worst, best, high - low, high - low + moved,
                of_gap, of_worst, of_best, in_words(of_worst, of_best, of_gap, high - low),
                label=report.rows[0].label,
            )
        )  # fmt: skip
    return found


def known(change: Contrast | None) -> bool:
    """Whether a change has a number."""
    return change is not None and change.value is not None


def in_words(worst: Contrast, best: Contrast, of_gap: Contrast, gap: float) -> str:
    """What happened, and whether it is more than chance, by the joint intervals.

    Args:
        worst: change of the worst group.
        best: change of the best group.
        of_gap: change of best minus worst.
        gap: between them in the first run.
    """
    moved = (best.value or 0.0) - (worst.value or 0.0)
    if gap == 0 or moved == 0:
        return "the gap is as it was"
    swapped = gap + moved < 0
    way = "wider" if moved > 0 else "narrower"
    if not sure(of_gap, up=True) and not sure(of_gap, up=False):
        what = "the two groups have changed places" if swapped else way
        return f"{what}, perhaps by chance"
    if swapped:
        return "turned by more than chance explains: the two groups have changed places"
    if moved > 0:
        if sure(worst, up=False):
            return "wider because the worst group lost"
        if sure(best, up=True):
            return "wider because the best group gained"
    elif sure(worst, up=True):
        both = ": the worst group gained and the best one lost"
        return "narrower" + (both if sure(best, up=False) else " because the worst group gained")
    elif sure(best, up=False):
        return "levelled down: narrower because the best group lost"
    return f"{way}, though neither group alone changed more than chance explains"


def sure(change: Contrast, *, up: bool) -> bool:
    """Whether the joint interval of a change lies on one side of 0."""
    low, high = change.low_adjusted, change.high_adjusted
    if low is None or high is None:
        return False
    return low > 0 if up else high < 0
