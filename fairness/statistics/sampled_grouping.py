"""One grouping of the cases, measured and resampled, with the tier of each group."""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.groups import Grouping
from fairness.statistics.clusters import people
from fairness.statistics.measures import Measures
from fairness.statistics.replicated import Tell, silent
from fairness.statistics.sampled import Memo, Sampled, sample
from fairness.statistics.settings import Settings, Tier, tier
from fairness.suppression import hidden_of


@dataclass(frozen=True)
class SampledGrouping:
    """Estimates and replicates of a grouping: of its G groups, the unknown, and all known cases."""

    grouping: Grouping
    sampled: Sampled
    tiers: tuple[Tier, ...]
    """(G,) of the groups."""
    dependent: bool
    """Some patient is in several groups."""
    hidden: frozenset[str]
    """Labels that a shared report must not show."""

    @property
    def name(self) -> str:
        """Name of the attribute."""
        return self.grouping.attribute.name

    @property
    def labels(self) -> tuple[str, ...]:
        """(G + 2,) names of the groups, `unknown`, `all`."""
        return (*self.grouping.attribute.groups, UNKNOWN_LABEL, ALL)

    def of_tier(self, *tiers: Tier) -> IntArray:
        """Codes of the groups in one of these tiers."""
        return np.array([g for g, t in enumerate(self.tiers) if t in tiers], dtype=np.int64)


def sample_grouping(
    measures: Measures,
    units: IntArray,
    grouping: Grouping,
    settings: Settings,
    memo: Memo | None = None,
    tell: Tell = silent,
) -> SampledGrouping:
    """Measure and resample every group of a grouping, the unknown, and all known cases.

    `memo` keeps what other groupings with some of the same sets of cases need, too.
    """
    attribute, codes = grouping.attribute, grouping.codes
    cells = [np.flatnonzero(codes == g) for g in range(len(attribute.groups))]
    hidden = hidden_of(grouping, units, settings.suppress_below)
    cells += [np.flatnonzero(codes == UNKNOWN), np.flatnonzero(codes >= 0)]
    in_groups = sum(people(units[rows]) for rows in cells[:-2])
    dependent = in_groups > people(units[cells[-1]])
    sampled = sample(
        measures, cells, units, settings, codes if dependent else None, memo, tell=tell
    )
    tiers: list[Tier] = [
        "suppressed" if name in hidden else tier(int(people), int(rarer), settings)
        for name, people, rarer in zip(attribute.groups, *sampled.people[:, :-2], strict=True)
    ]
    return SampledGrouping(grouping, sampled, tuple(tiers), dependent, hidden)


def work_of(grouping: Grouping) -> int:
    """Number of cases in all sets of a grouping."""
    return int(
        np.count_nonzero(grouping.codes == UNKNOWN) + 2 * np.count_nonzero(grouping.codes >= 0)
    )
