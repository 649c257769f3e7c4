"""Subgroups that nobody named: searched for in one half of the people, tested in the other.

The search tries many; the test knows only the few that it brings, whose AUCs in the test half are
not flattered by the search.
"""

from dataclasses import dataclass, field

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.discover.candidates import (
    Counting,
    Limits,
    blocks,
    candidates_of,
    members_of,
)
from fairness.discover.conditions import Condition, Conditions, conditions_of
from fairness.discover.halves import search_half
from fairness.discover.many_aucs import Ordered
from fairness.discover.tested import Tested, held_against_others
from fairness.errors import DataError
from fairness.outcomes import Outcomes
from fairness.statistics.clusters import units_of
from fairness.statistics.families import adjusted


@dataclass(frozen=True)
class Search:
    """How to look."""

    limits: Limits = field(default_factory=Limits)
    carried: int = 5
    """Subgroups that are tested."""
    seed: int = 0
    """Of the division into halves."""
    alpha: float = 0.05
    """Probability of a false report, at most."""


@dataclass(frozen=True)
class Subgroup:
    """One that was carried into the test half."""

    conditions: tuple[Condition, ...]
    searched: tuple[int, int, int]
    """Number of people in the search half: positives, negatives, all."""
    tested: tuple[int, int, int]
    """The same in the test half."""
    searched_gap: float
    """AUC minus that of everybody else in the search half: too large, as the search chose it."""
    test: Tested
    p_adjusted: float
    """By Holm, over all that were tested."""
    reported: bool
    """Whether it does worse than everybody else, as the test shows."""
    members: BoolArray
    """(n,) who is in it; for checks, never shown."""

    @property
    def name(self) -> str:
        """`race = Black and age = < 50`."""
        return " and ".join(condition.text() for condition in self.conditions)


@dataclass(frozen=True)
class Discovery:
    """What was looked at, and what came of it."""

    subgroups: tuple[Subgroup, ...]
    """All that were tested, by their rank in the search."""
    candidates: int
    conditions: int
    people: tuple[int, int]
    """Of the search half and of the test half."""


def discover(outcomes: Outcomes, search: Search) -> Discovery:
    """Look for the subgroups with the lowest AUC beside everybody else's.

    Raises:
        DataError: no subgroup is large enough to be looked at.
    """
    units = units_of(np.array(outcomes.patients))
    y, score = outcomes.target.astype(np.int64), outcomes.score
    half = search_half(np.array(outcomes.patients), search.seed)
    conditions = conditions_of(outcomes, half)
    counting = Counting.of(half, y, units)
    candidates = candidates_of(conditions, counting, search.limits)
    if not candidates:
        raise DataError(
            f"no subgroup has {search.limits.people} people, {search.limits.of_class} of them "
            "positive and as many negative, in each half; there is nothing to look at"
        )
    gap, z = np.zeros(0), np.zeros(0)
    ordered, people = Ordered.of(y[half], score[half]), units_of(units[half])
    searched = Conditions(conditions.conditions, conditions.inside[:, half])
    for block in blocks(candidates, 16 * int(half.sum())):
        found = gaps(ordered, members_of(searched, block), people)
        gap, z = np.append(gap, found[0]), np.append(z, found[1])
    best = np.argsort(z, kind="stable")[: search.carried]
    members = np.concatenate([members_of(conditions, [candidates[k]]) for k in best])
    tests = [
        held_against_others(m[~half], y[~half], score[~half], units_of(units[~half]))
        for m in members
    ]
    p = adjusted(np.array([test.p for test in tests]), "holm")
    counts = counting.people(members)
    subgroups = []
    for i, k in enumerate(best):
        searched_people, tested_people = ((int(a), int(b), int(c)) for a, b, c in counts[i])
        subgroups.append(
            Subgroup(
                tuple(conditions.conditions[c] for c in candidates[k]),
                searched_people,
                tested_people,
                float(gap[k]),
                tests[i],
                float(p[i]),
                bool(p[i] < search.alpha and tests[i].gap < 0),
                members[i],
            )
        )
    sizes = tuple(np.unique(units[half == side]).size for side in (True, False))
    return Discovery(
        tuple(subgroups), len(candidates), len(conditions.conditions), (sizes[0], sizes[1])
    )


def gaps(ordered: Ordered, members: BoolArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
    """(C,) AUC of each subgroup (C, m) minus everybody else's; the same in standard errors."""
    inside, outside = ordered.aucs(members, units), ordered.aucs(~members, units)
    gap = inside.value - outside.value
    return gap, gap / np.sqrt(inside.variance + outside.variance)
