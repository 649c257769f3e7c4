"""Decisions that differ between two runs, by label, group and direction; DeLong's test beside."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from audit.compare.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.micro import MicroScores
from fairness.statistics.paired_tests import delong_p, mcnemar_p
from fairness.tasks.measured import Measured


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
    label: str = field(default="", kw_only=True)
    """One of several labels, or classes against the others; empty where there is one."""


@dataclass(frozen=True)
class PairedTest:
    """DeLong's paired test of the AUC of one group."""

    attribute: str
    group: str
    p: float
    label: str = field(default="", kw_only=True)
    """As of `Flips`."""


def of_one_label(first: Measured, second: Measured) -> tuple[BinaryScores, BinaryScores] | None:
    """Scores of one label, or class, in both runs; None of masks and of averages."""
    old, new = first.measures, second.measures
    if not isinstance(old, BinaryScores) or not isinstance(new, BinaryScores):
        return None
    return None if isinstance(old, MicroScores) else (old, new)


def flips(first: Measured, second: Measured, sets: Sequence[CaseSet]) -> list[Flips]:
    """Flips of every set; none of models that draw masks, and none of averages over labels.

    Args:
        first: each run decides in its own way.
        second: of the same cases.
        sets: whose counts may be shown.
    """
    scores = of_one_label(first, second)
    if scores is None:
        return []
    every = np.arange(len(scores[0].positive))
    positive = scores[0].positive == 1
    before, after = (one.predicted(every) for one in scores)
    gained, lost = after & ~before, before & ~after
    found = []
    for one in sets:
        found_now, missed_now, alarms, quiet = (
            int((moved & of_class)[one.rows].sum())
            for of_class in (positive, ~positive)
            for moved in (gained, lost)
        )
        found.append(
            Flips(
                one.attribute,
                one.group,
                len(one.rows),
                positives_gained=found_now,
                positives_lost=missed_now,
                alarms_gained=alarms,
                alarms_lost=quiet,
                p_positives=mcnemar_p(found_now, missed_now),
                p_negatives=mcnemar_p(alarms, quiet),
                label=first.names.label,
            )
        )
    return found


def delong(first: Measured, second: Measured, sets: Sequence[CaseSet]) -> list[PairedTest]:
    """DeLong's paired test of every set that has both classes."""
    scores = of_one_label(first, second)
    if scores is None:
        return []
    y, old, new = scores[0].positive, scores[0].score, scores[1].score
    units = units_of(np.array(first.cases.patients))
    found = []
    for one in sets:
        p = delong_p(y[one.rows], new[one.rows], old[one.rows], units[one.rows])
        if np.isfinite(p):
            found.append(PairedTest(one.attribute, one.group, p, label=first.names.label))
    return found
