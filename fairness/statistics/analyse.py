"""The whole analysis: arrays in, a table of estimates and a table of contrasts out.

For each grouping: measure and resample every group, the unknown and all known cases; compare the
groups that are large enough to be shown; test those that are large enough to infer from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fairness.arrays import Array
from fairness.attributes import Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast
from fairness.statistics.bootstrap import units_of
from fairness.statistics.estimates import Estimate, estimates_of
from fairness.statistics.gaps import (
    adjusted_gaps,
    compared_groups,
    largest_gap_p,
    pairwise,
    summarised,
)
from fairness.statistics.measures import Measures
from fairness.statistics.sampled_grouping import part_of
from fairness.statistics.settings import Settings

OVERALL = "overall"


@dataclass(frozen=True)
class Analysis:
    """All estimates and contrasts, and the families of tests: name to number of tests."""

    estimates: tuple[Estimate, ...]
    contrasts: tuple[Contrast, ...]
    families: Mapping[str, int]


def analyse(
    measures: Measures,
    patients: Array,
    groupings: Sequence[Grouping],
    settings: Settings | None = None,
) -> Analysis:
    """Estimates overall and by group, differences between groups, tests of both.

    Args:
        measures: what to measure, e.g. `BinaryScores`.
        patients: (n,) who each case belongs to; cases of one patient are resampled together.
        groupings: how to divide the cases; codes (n,).
        settings: defaults if None.

    Returns:
        Estimates of attribute `overall`, then of each grouping: every metric of every group, of
        the unknown and of `all` known cases, and the summaries (`es_auc`, ...) under `all`.
        Contrasts of every pair of groups and metric; and for each largest gap one contrast of the
        two groups furthest apart, named like the summary, whose p is that of the largest gap.
    """
    settings = settings or Settings()
    units = units_of(patients)
    everyone = plain(Attribute(OVERALL, ()), np.zeros(len(units), dtype=np.int64))
    everyone = replace(everyone, hidden=frozenset())  # no group at all: only the set of all cases
    estimates = list(estimates_of(part_of(measures, units, everyone, settings), only=-1))
    contrasts: list[Contrast] = []
    families: dict[str, int] = {}
    parts = [part_of(measures, units, grouping, settings) for grouping in groupings]
    gaps: list[Contrast] = []
    for part, p_values in zip(parts, largest_gap_p(parts), strict=True):
        compared = compared_groups(part)
        estimates += estimates_of(part)
        contrasts += pairwise(part, compared, families)
        of_all, largest = summarised(part, compared, p_values)
        estimates += of_all
        gaps += largest
    contrasts += adjusted_gaps(gaps, settings, families)
    return Analysis(tuple(estimates), tuple(contrasts), families)
