"""Subgroups that are looked at: up to three conditions, with enough people of each class.

Groups, bins and labels decide which they are, and no score: the test of a subgroup stays honest.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.discover.conditions import Conditions

BLOCK = 2**24
"""Memberships that are held at once."""


@dataclass(frozen=True)
class Limits:
    """How small a subgroup may be; all count people, not their cases."""

    depth: int = 3
    """Most conditions of a subgroup."""
    people: int = 100
    """Fewest people of a subgroup in each half."""
    of_class: int = 20
    """Fewest positives, and fewest negatives, of it and of all others in each half."""
    rest: int = 11
    """Fewest positives and negatives, in each half, by which it is smaller than a subgroup of
    fewer conditions: else it is nearly the same, or would give a small group's counts away."""


@dataclass(frozen=True)
class Counting:
    """Counts people of each class in each half."""

    among: BoolArray
    """(6, n) positives, negatives and all of the search half, then of the test half."""
    units: IntArray
    """(n,) the patients, 0, 1, ..."""
    single: bool
    """Whether every case is a patient of its own: counts are products then."""

    @classmethod
    def of(cls, half: BoolArray, y_true: IntArray, units: IntArray) -> "Counting":
        """For cases (n,): whether they are searched, their truth of 0/1, their patients."""
        sides = (half, ~half)
        among = [side & chosen for side in sides for chosen in (y_true == 1, y_true == 0, True)]
        return cls(np.stack(among), units, np.unique(units).size == units.size)

    def people(self, members: BoolArray) -> IntArray:
        """(C, 2, 3) of subsets (C, n) of the cases, by half, and by class and all."""
        if self.single:
            counts: FloatArray = members.astype(np.float32) @ self.among.T.astype(np.float32)
            return counts.astype(np.int64).reshape(-1, 2, 3)
        found = np.zeros((len(members), len(self.among)), dtype=np.int64)
        for k, of_class in enumerate(self.among):
            rows = np.flatnonzero(of_class)
            rows = rows[np.argsort(self.units[rows], kind="stable")]
            starts = np.flatnonzero(np.diff(self.units[rows], prepend=-1))
            if rows.size:
                found[:, k] = np.logical_or.reduceat(members[:, rows], starts, axis=1).sum(1)
        return found.reshape(-1, 2, 3)


def members_of(conditions: Conditions, candidates: Sequence[tuple[int, ...]]) -> BoolArray:
    """(C, n) who meets all conditions of each candidate; all have equally many."""
    found = np.ones((len(candidates), conditions.inside.shape[1]), dtype=bool)
    for columns in zip(*candidates, strict=True):
        found &= conditions.inside[list(columns)]
    return found


def candidates_of(
    conditions: Conditions, counting: Counting, limits: Limits
) -> list[tuple[int, ...]]:
    """Indices of the conditions of each candidate, those of fewer conditions first.

    A subgroup whose part of one variable is too small is not made smaller by another.
    """
    everybody = counting.people(np.ones((1, conditions.inside.shape[1]), dtype=bool))[0]
    variables = [condition.variable for condition in conditions.conditions]
    found: list[tuple[int, ...]] = []
    large: list[tuple[int, ...]] = [()]
    for _ in range(limits.depth):
        made = [
            (*one, k)
            for one in large
            for k in range(one[-1] + 1 if one else 0, len(variables))
            if variables[k] not in {variables[i] for i in one}
        ]
        known = set(large)
        made = [c for c in made if all(part in known for part in parts_of(c))]
        large = []
        for block in blocks(made, conditions.inside.shape[1]):
            members = members_of(conditions, block)
            counts = counting.people(members)
            enough = large_enough(counts, limits)
            large += [c for c, good in zip(block, enough, strict=True) if good]
            shown = enough & rests_enough(conditions, counting, block, members, limits)
            shown &= (everybody - counts >= limits.of_class).all(axis=(1, 2))
            found += [c for c, good in zip(block, shown, strict=True) if good]
    return found


def parts_of(candidate: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The candidate without each of its conditions in turn."""
    return list(itertools.combinations(candidate, len(candidate) - 1))


def large_enough(counts: IntArray, limits: Limits) -> BoolArray:
    """(C,) whether counts (C, 2, 3) reach the limits in both halves."""
    of_class = (counts[:, :, :2] >= limits.of_class).all(axis=(1, 2))
    return np.asarray(of_class & (counts[:, :, 2] >= limits.people).all(axis=1))


def rests_enough(
    conditions: Conditions,
    counting: Counting,
    candidates: Sequence[tuple[int, ...]],
    members: BoolArray,
    limits: Limits,
) -> BoolArray:
    """(C,) whether each candidate is smaller by enough people than each of its parts."""
    found = np.ones(len(candidates), dtype=bool)
    depth = len(candidates[0])
    for left_out in range(depth if depth > 1 else 0):
        parts = [c[:left_out] + c[left_out + 1 :] for c in candidates]
        rest = counting.people(members_of(conditions, parts) & ~members)
        found &= (rest >= limits.rest).all(axis=(1, 2))
    return found


def blocks(candidates: list[tuple[int, ...]], n: int) -> Iterator[list[tuple[int, ...]]]:
    """The candidates in order, in parts of equally many conditions.

    The memberships of n cases in each part fit into memory.
    """
    size = max(1, BLOCK // max(n, 1))
    for _, alike in itertools.groupby(candidates, len):
        rest = list(alike)
        for k in range(0, len(rest), size):
            yield rest[k : k + size]
