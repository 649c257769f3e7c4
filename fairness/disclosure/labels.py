"""What may be shown of each of several reports on the same people: of one label or class each.

Reports of other labels count the same people, so what is hidden because of few people, or
withheld for their sake, is so in every report, and what a label hides is in no average over labels.
Reports of other classes share out the same people: what one hides, all hide. How many people have
a label known is not protected.
"""

from collections.abc import Sequence
from dataclasses import replace

from fairness.arrays import IntArray
from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.disclosure.sizes import (
    ALTOGETHER,
    FEW,
    FEW_OF_A_CLASS,
    IN_STRATA,
    WITHHELD,
    sizes_of,
)
from fairness.groups import Grouping
from fairness.outcomes import Answered
from fairness.statistics.settings import Settings
from fairness.suppression import protected
from fairness.tasks.measured import Measured
from fairness.tasks.task import Task

STRICTEST = (ALTOGETHER, IN_STRATA, WITHHELD, FEW_OF_A_CLASS, FEW)
"""Reasons why the unknown are not told: for the last two their number is, and what they move."""


def divided(
    task: Task,
    answered: Answered,
    measured: Sequence[Measured],
    groupings: Sequence[Grouping],
    stratum: Grouping | None,
    settings: Settings,
) -> list[list[Grouping]]:
    """The groupings of the cases of each report, with what is hidden and withheld in it.

    Args:
        task: what was measured.
        answered: all samples.
        measured: the reports.
        groupings: of all samples.
        stratum: of a control variable, or None.
        settings: the smallest groups that may be shown.
    """
    labels = None if task.of_labels else answered.labels
    of_all = protected(groupings, stratum, sizes_of(answered.cases, labels, settings))
    if not task.of_labels:
        return [of_all for _ in measured]
    single = {
        one.names.label: of_label(one, len(answered.cases), of_all, groupings, stratum, settings)
        for one in measured
        if one.names.label
    }
    every = [grouping for of_one in single.values() for grouping in of_one]
    return [
        single.get(one.names.label) or union([cut(g, one.rows) for g in of_all], every)
        for one in measured
    ]


def of_label(
    one: Measured,
    n: int,
    of_all: Sequence[Grouping],
    groupings: Sequence[Grouping],
    stratum: Grouping | None,
    settings: Settings,
) -> list[Grouping]:
    """The groupings of the cases where a label is known, of the n samples.

    Where it is known of nearly everybody, the numbers of samples that `of_all` shows are taken to
    be known of this label too, so that its positives are protected even so.
    """
    parts = [cut(grouping, one.rows) for grouping in groupings]
    within = None if stratum is None else cut(stratum, one.rows)
    sizes = sizes_of(one.cases, one.measures.positive, settings)
    if n - len(one.cases) < settings.suppress_below:
        names = {g.attribute.name: {*g.attribute.groups, UNKNOWN_LABEL, ALL} for g in of_all}
        told = {
            g.attribute.name: frozenset(names[g.attribute.name] - (g.hidden or set()) - g.withheld)
            for g in of_all
        }
        sizes = replace(sizes, told=told)
    return union(protected(parts, within, sizes), of_all)


def cut(grouping: Grouping, rows: IntArray | None) -> Grouping:
    """The grouping of some of the samples, one after another; None: of all."""
    if rows is None:
        return grouping
    parts = tuple(cut(part, rows) for part in grouping.parts)
    return replace(grouping, codes=grouping.codes[rows], parts=parts)


def union(groupings: Sequence[Grouping], others: Sequence[Grouping]) -> list[Grouping]:
    """The groupings with what is hidden or withheld in others of the same name, too.

    One that none of the others has is left out: it would tell what they do not.
    """
    found = []
    for grouping in groupings:
        same = [one for one in others if one.attribute.name == grouping.attribute.name]
        if not same:
            continue
        hidden = frozenset().union(*(one.hidden or () for one in (grouping, *same)))
        withheld = frozenset().union(*(one.withheld for one in (grouping, *same)))
        reasons = {name: why for one in (grouping, *same) for name, why in one.reasons.items()}
        of_unknown = {one.reasons.get(UNKNOWN_LABEL) for one in (grouping, *same)}
        if why := next((why for why in STRICTEST if why in of_unknown), None):
            reasons[UNKNOWN_LABEL] = why
        found.append(replace(grouping, hidden=hidden, withheld=withheld - hidden, reasons=reasons))
    return found
