"""Subgroups that are looked at: up to three conditions, with enough people of each class.

Groups, bins and labels decide which they are, and no score: the test of a subgroup stays honest.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
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
    """Fewest positives and negatives, in each half, that a subgroup of one condition less has more:
    else both are nearly the same, or the difference would give a small group's counts away."""


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
    variables = [condition.variable for condition in conditions.conditions]
    n = conditions.inside.shape[1]
    everybody = counting.people(np.ones((1, n), dtype=bool))[0]
    found: list[tuple[int, ...]] = []
    large: dict[tuple[int, ...], IntArray] = {(): everybody}
    for _ in range(limits.depth):
        smaller: dict[tuple[int, ...], IntArray] = {}
        for block in blocks(narrower(large, variables), n):
            counts = counting.people(members_of(conditions, block))
            rests = np.array([[large[part] - c for part in parts_of(one)]
                              for one, c in zip(block, counts, strict=True)])  # fmt: skip
            enough = large_enough(counts, limits)
            shown = enough & (rests >= limits.rest).all(axis=(1, 2, 3))
            shown &= (everybody - counts >= limits.of_class).all(axis=(1, 2))
            smaller |= {one: counts[k] for k, one in enumerate(block) if enough[k]}
            found += [one for one, good in zip(block, shown, strict=True) if good]
        large = smaller
    return found


def narrower(large: Collection[tuple[int, ...]], variables: Sequence[str]) -> list[tuple[int, ...]]:
    """Subgroups of one condition more, on another variable, whose parts are all among `large`."""
    made = [
        (*one, k)
        for one in large
        for k in range(one[-1] + 1 if one else 0, len(variables))
        if variables[k] not in {variables[i] for i in one}
    ]
    return [one for one in made if all(part in large for part in parts_of(one))]


def parts_of(candidate: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The candidate without each of its conditions in turn."""
    return list(itertools.combinations(candidate, len(candidate) - 1))


def large_enough(counts: IntArray, limits: Limits) -> BoolArray:
    """(C,) whether counts (C, 2, 3) reach the limits in both halves."""
    of_class = (counts[:, :, :2] >= limits.of_class).all(axis=(1, 2))
    return np.asarray(of_class & (counts[:, :, 2] >= limits.people).all(axis=1))


def blocks(candidates: list[tuple[int, ...]], n: int) -> Iterator[list[tuple[int, ...]]]:
    """The candidates in order, in parts of equally many conditions.

    The memberships of n cases in each part fit into memory.
    """
    size = max(1, BLOCK // max(n, 1))
    for _, alike in itertools.groupby(candidates, len):
        rest = list(alike)
        for k in range(0, len(rest), size):
            yield rest[k : k + size]
