"""Decisions that differ between two runs, by group and direction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.compare.runs import Run
from fairness.arrays import BoolArray
from fairness.attributes import ALL, OVERALL
from fairness.groups import Grouping
from fairness.statistics.paired_tests import mcnemar_p
from fairness.tasks.binary import SCORE


@dataclass(frozen=True)
class Flips:
    """Cases of one group whose decision is another in the second run."""

    attribute: str
    group: str
    n: int
    positives_gained: int
    """Positives that only the second run finds."""
    positives_lost: int
    """Positives that only the first run finds."""
    alarms_gained: int
    """Negatives that only the second run calls positive."""
    alarms_lost: int
    """Negatives that only the first run calls positive."""
    p_positives: float
    """McNemar's test of the positives: whether finds changed."""
    p_negatives: float
    """McNemar's test of the negatives: whether alarms changed."""


def flips(first: Run, second: Run, groupings: Sequence[Grouping]) -> list[Flips]:
    """Flips overall and of every group whose counts are shown; none of models that draw masks.

    Args:
        first: each run judged at its own threshold.
        second: the same samples.
        groupings: judged, as `fairness.suppression.protected` gives them.
    """
    if first.threshold is None or second.threshold is None or first.answered.labels is None:
        return []
    labels = first.answered.labels
    before = first.answered.values[SCORE] >= first.threshold
    after = second.answered.values[SCORE] >= second.threshold
    found = []
    everybody = np.ones(len(labels), dtype=bool)
    sets: list[tuple[str, str, BoolArray]] = [(OVERALL, ALL, everybody)]
    for grouping in groupings:
        hidden = (grouping.hidden or frozenset()) | grouping.withheld
        for code, group in enumerate(grouping.attribute.groups):
            if group not in hidden and (grouping.codes == code).any():
                sets.append((grouping.attribute.name, group, grouping.codes == code))
    for attribute, group, inside in sets:
        positive, negative = inside & (labels == 1), inside & (labels == 0)
        gained, lost = after & ~before, before & ~after
        found_now, missed_now = int((positive & gained).sum()), int((positive & lost).sum())
        alarms, quiet = int((negative & gained).sum()), int((negative & lost).sum())
        found.append(
            Flips(
                attribute,
                group,
                int(inside.sum()),
                positives_gained=found_now,
                positives_lost=missed_now,
                alarms_gained=alarms,
                alarms_lost=quiet,
                p_positives=mcnemar_p(found_now, missed_now),
                p_negatives=mcnemar_p(alarms, quiet),
            )
        )
    return found
