"""Subgroups that nobody named: searched for in one half of the people, tested in the other.

The search tries many; the test knows only the few that it brings, whose AUCs in the test half are
not flattered by the search.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

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
from fairness.discover.tested import against_others
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
    """One that was carried into the test half, with its numbers there unless said."""

    conditions: tuple[Condition, ...]
    searched: tuple[int, int, int]
    """Number of people in the search half: positives, negatives, all."""
    tested: tuple[int, int, int]
    """The same in the test half."""
    searched_gap: float
    """AUC minus that of everybody else in the search half: too large, as the search chose it."""
    auc: float
    auc_others: float
    low: float
    """Limits of the gap."""
    high: float
    variance: float
    """Of the gap."""
    p: float
    """Two-sided; below alpha exactly where the limits exclude 0."""
    p_adjusted: float
    """By Holm, over all that were tested."""
    reported: bool
    """Whether it does worse than everybody else, as the test shows."""
    members: BoolArray
    """(n,) who is in it; for checks, never shown."""

    @property
    def gap(self) -> float:
        """AUC minus that of everybody else."""
        return self.auc - self.auc_others

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
    tests = against_others(members[:, ~half], y[~half], score[~half], units_of(units[~half]))
    p, counts = tests.p, counting.people(members).tolist()
    adjusted_p = adjusted(p, "holm")
    low, high = tests.limits(float(ndtri(1 - search.alpha / 2)))
    subgroups = [
        Subgroup(
            conditions=tuple(conditions.conditions[c] for c in candidates[k]),
            searched=tuple(counts[i][0]),
            tested=tuple(counts[i][1]),
            searched_gap=float(gap[k]),
            auc=float(tests.inside.value[i]),
            auc_others=float(tests.outside.value[i]),
            low=float(low[i]),
            high=float(high[i]),
            variance=float(tests.variance[i]),
            p=float(p[i]),
            p_adjusted=float(adjusted_p[i]),
            reported=bool(adjusted_p[i] < search.alpha and tests.gap[i] < 0),
            members=members[i],
        )
        for i, k in enumerate(best)
    ]
    sizes = tuple(np.unique(units[half == side]).size for side in (True, False))
    return Discovery(
        tuple(subgroups), len(candidates), len(conditions.conditions), (sizes[0], sizes[1])
    )


def gaps(ordered: Ordered, members: BoolArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
    """(C,) AUC of each subgroup (C, m) minus everybody else's; the same in standard errors."""
    inside, outside = ordered.aucs(members, units), ordered.aucs(~members, units)
    gap = inside.value - outside.value
    return gap, gap / np.sqrt(inside.variance + outside.variance)
