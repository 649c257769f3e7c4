"""What discover.json holds: subgroups as they may be shared, and how they were looked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scipy.special import ndtri

from fairness.disclosure.rounding import coarse
from fairness.discover.discovery import Discovery, Search, Subgroup
from fairness.statistics.power import minimum_detectable

SCHEMA_VERSION = 1
DIGITS = 2
COUNTS = 10
"""Numbers of people are rounded down to a multiple of this."""


@dataclass(frozen=True)
class Shown:
    """One subgroup, in the test half unless said; numbers rounded, limits outwards."""

    rank: int
    """By the search."""
    subgroup: str
    reported: bool
    """Whether the test shows that it does worse than everybody else."""
    people: int
    """At least so many, a multiple of 10; so are the two below."""
    positives: int
    people_searched: int
    """In the search half."""
    auc: float
    low: float
    """Limits of the gap, alone."""
    high: float
    auc_others: float
    gap: float
    """AUC of the subgroup minus that of everybody else."""
    p: float
    """Two-sided; below 0.05 exactly where the limits exclude 0."""
    p_adjusted: float
    """Over all subgroups that were tested (Holm)."""
    mde: float
    """Gap that this test, as one of so many, finds with probability 0.8 (Bonferroni)."""
    gap_searched: float
    """In the search half: too large, since the search chose it."""


@dataclass(frozen=True)
class WrittenDiscovery:
    """All of discover.json."""

    subgroups: tuple[Shown, ...]
    candidates: int
    conditions: int
    variables: tuple[str, ...]
    people: tuple[int, int]
    """Of the search half and of the test half."""
    search: Search
    provenance: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """As JSON has it; `exploratory` is for programs that gather results."""
        return {"schema_version": SCHEMA_VERSION, "exploratory": True, **asdict(self)}


def written(
    found: Discovery, search: Search, variables: tuple[str, ...], provenance: Mapping[str, Any]
) -> WrittenDiscovery:
    """A discovery as it may be shared.

    No subgroup, and nothing by which it is smaller than one of fewer conditions, holds few people
    of a class (`Limits`); counts and numbers are rounded, for what is made of several subgroups.
    """
    shown = tuple(
        shown_of(k + 1, one, search, len(found.subgroups)) for k, one in enumerate(found.subgroups)
    )
    return WrittenDiscovery(
        shown, found.candidates, found.conditions, variables, found.people, search, provenance
    )


def shown_of(rank: int, one: Subgroup, search: Search, tests: int) -> Shown:
    """One subgroup, rounded."""
    strictest = float(ndtri(1 - search.alpha / (2 * tests)))
    exact = Shown(
        rank=rank,
        subgroup=one.name,
        reported=one.reported,
        people=tens(one.tested[2]),
        positives=tens(one.tested[0]),
        people_searched=tens(one.searched[2]),
        auc=one.auc,
        low=one.low,
        high=one.high,
        auc_others=one.auc_others,
        gap=one.gap,
        p=one.p,
        p_adjusted=one.p_adjusted,
        mde=float(minimum_detectable(one.variance, strictest)),
        gap_searched=one.searched_gap,
    )
    return coarse(exact, DIGITS, search.alpha)


def tens(people: int) -> int:
    """Rounded down."""
    return people // COUNTS * COUNTS
