"""Groups over sites as the statistics take them: intervals, gaps and tests are those of an audit.

There are no cases. In their place stand as many of each outcome as were counted, so that whatever
counts rows counts right; values and variances are those of the sums.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, IntArray
from fairness.attributes import UNKNOWN_LABEL, Attribute
from fairness.groups import plain
from fairness.outcomes import Contrast, Estimate
from fairness.pooling.members import METRICS, Members
from fairness.pooling.summary import Part, SiteSummary
from fairness.statistics.binary import BinaryScores
from fairness.statistics.estimates import estimates_of
from fairness.statistics.gaps import compared_groups, pairwise, summarised
from fairness.statistics.measures import Metric
from fairness.statistics.sampled import Sampled
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.settings import Settings, tier
from fairness.statistics.unknown_groups import ranges_of


@dataclass(frozen=True)
class CountedOutcomes(BinaryScores):
    """Outcomes in place of cases."""

    metrics: tuple[Metric, ...] = METRICS


@dataclass(frozen=True)
class Numbers:
    """Of one grouping."""

    estimates: tuple[Estimate, ...]
    pairs: tuple[Contrast, ...]
    gaps: tuple[Contrast, ...]


Found = Sequence[tuple[Part, SiteSummary]]
"""Parts, each with the file that it is from."""


def numbers_of(
    name: str, groups: Mapping[str, Found], settings: Settings, *, primary: bool
) -> Numbers:
    """Estimates of each group and over the groups, and differences between them.

    Args:
        name: of the grouping.
        groups: parts of each, of different people.
        settings: of the statistics.
        primary: whether the largest gaps are tested.
    """
    grouping = sampled_grouping(name, groups, settings, primary=primary)
    estimates = [one for one in estimates_of(grouping) if one.group != UNKNOWN_LABEL]
    if not groups:
        return Numbers(tuple(estimates), (), ())
    compared, ranges = compared_groups(grouping), ranges_of(grouping)
    of_all, largest = summarised(grouping, compared, ranges)
    pairs = pairwise(grouping, compared, ranges)
    return Numbers((*estimates, *of_all), tuple(pairs), tuple(largest))


def sampled_grouping(
    name: str, groups: Mapping[str, Found], settings: Settings, *, primary: bool
) -> SampledGrouping:
    """The groups, nobody unknown, and all of them together, as if they had been resampled."""
    every = [one for found in groups.values() for one in found]
    members = [Members.of(found) for found in (*groups.values(), (), every)]
    positive, decided, sizes = outcomes_of(members[: len(groups)])
    ends = np.cumsum([0, *sizes])
    rows = [np.arange(a, b) for a, b in itertools.pairwise(ends)]
    codes = np.repeat(np.arange(len(groups)), sizes)
    columns = [one.numbers for one in members]
    values, variance, trials, patients = (np.stack(c) for c in zip(*columns, strict=True))
    sampled = Sampled(
        measures=CountedOutcomes(positive, decided.astype(np.float64), 0.5, decided=decided),
        settings=settings,
        rows=(*rows, np.zeros(0, dtype=np.int64), np.arange(len(codes))),
        values=values,
        replicates=np.full((*values.shape, 1), np.nan, dtype=np.float32),
        variance=variance,
        closed=np.ones(values.shape, dtype=bool),
        trials=trials,
        patients=patients,
        classes=np.array([one.effective_of_class for one in members]).T,
        clustered=np.array([one.dependent for one in members]),
        people=np.array([one.people for one in members]).T,
    )
    tiers = [tier(*one.people, settings) for one in members[: len(groups)]]
    made = plain(Attribute(name, tuple(groups)), codes)
    made = type(made)(made.attribute, made.codes, made.factors, primary, frozenset())
    return SampledGrouping(made, sampled, tuple(tiers), False, frozenset())


def outcomes_of(members: Sequence[Members]) -> tuple[IntArray, BoolArray, list[int]]:
    """Truth and decision of each case that was counted, and how many each group has."""
    counts = [one.outcomes for one in members]
    truth = [np.repeat([1, 0, 1, 0], one) for one in counts]
    decided = [np.repeat([True, True, False, False], one) for one in counts]
    none = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([none, *truth]),
        np.concatenate([none.astype(bool), *decided]),
        [sum(one) for one in counts],
    )
