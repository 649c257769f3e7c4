"""The sets of cases that numbers beside a report are of: everybody, and every shown group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import ALL, OVERALL
from fairness.disclosure.sizes import Sizes
from fairness.groups import Grouping
from fairness.statistics.settings import Settings, tier


@dataclass(frozen=True)
class CaseSet:
    """The cases of one group."""

    attribute: str
    group: str
    rows: IntArray
    """Their index."""
    hidden: bool
    """No number of it may be shown."""
    tested: bool
    """Large enough to infer from."""


def sets_of(
    groupings: Sequence[Grouping], sizes: Sizes, settings: Settings
) -> list[tuple[CaseSet, ...]]:
    """Everybody; then of every grouping whose gaps are tested the groups that have cases.

    Args:
        groupings: judged, as `fairness.suppression.protected` gives them.
        sizes: of all cases.
        settings: when a group is large enough to infer from.
    """
    everybody = np.arange(len(sizes.patients))
    few = sizes.few(sizes.everybody) is not None
    overall = case_set((OVERALL, ALL), everybody, few, sizes, settings)
    found: list[tuple[CaseSet, ...]] = [(overall,)]
    for grouping in groupings:
        if not grouping.primary:
            continue
        name, hidden = grouping.attribute.name, grouping.hidden or frozenset()
        rows = {g: np.flatnonzero(grouping.codes == k) for k, g in enumerate_groups(grouping)}
        found.append(
            tuple(
                case_set((name, group), of_group, group in hidden, sizes, settings)
                for group, of_group in rows.items()
                if of_group.size
            )
        )
    return found


def enumerate_groups(grouping: Grouping) -> list[tuple[int, str]]:
    """Code and name of each group."""
    return list(enumerate(grouping.attribute.groups))


def case_set(
    names: tuple[str, str], rows: IntArray, hidden: bool, sizes: Sizes, settings: Settings
) -> CaseSet:
    """One set with its tier, by people and by those of the rarer class."""
    inside = np.zeros(len(sizes.patients), dtype=bool)
    inside[rows] = True
    rarer = min(sizes.people(inside & of_class) for of_class in sizes.classes)
    tested = tier(sizes.people(inside), rarer, settings) == "inferential"
    return CaseSet(*names, rows, hidden, tested and not hidden)


def pairs_in(sets: Sequence[CaseSet]) -> tuple[IntArray, IntArray]:
    """(K,) and (K,) places of both groups of every pair that may be shown."""
    shown = np.array([k for k, one in enumerate(sets) if not one.hidden], dtype=np.int64)
    first, second = np.triu_indices(len(shown), k=1)
    return shown[first], shown[second]


def share_patients(sets: Sequence[CaseSet], units: IntArray) -> bool:
    """Whether a patient is in several of the sets."""
    people = [np.unique(units[one.rows]) for one in sets]
    return sum(map(len, people)) > len(np.unique(np.concatenate(people))) if people else False
