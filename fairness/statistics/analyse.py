"""The whole analysis: estimates by group and contrasts between groups, from arrays.

For each grouping: measure and resample every group, the unknown and all known cases; compare the
groups that are large enough to be shown; test those that are large enough to infer from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import Array
from fairness.attributes import ALL, OVERALL, Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast, Estimate
from fairness.statistics.clusters import units_of
from fairness.statistics.estimates import estimates_of
from fairness.statistics.families import adjusted_gaps, families_of_gaps, families_of_pairs
from fairness.statistics.gaps import compared_groups, pairwise, summarised
from fairness.statistics.measures import Measures
from fairness.statistics.replicated import Tell, silent
from fairness.statistics.sampled import Memo, scaled
from fairness.statistics.sampled_grouping import sample_grouping, work_of
from fairness.statistics.settings import Settings
from fairness.statistics.unknown_groups import ranges_of


@dataclass(frozen=True)
class Analysis:
    """Estimates of groups and over groups, contrasts between groups, and what was tested."""

    estimates: tuple[Estimate, ...]
    contrasts: tuple[Contrast, ...]
    families: tuple[str, ...]
    """One line a family of tests: what was tested together."""


def analyse(
    measures: Measures,
    patients: Array,
    groupings: Sequence[Grouping],
    settings: Settings | None = None,
    tell: Tell = silent,
) -> Analysis:
    """Estimates overall and by group, differences between groups, tests of both.

    Args:
        measures: metrics of the cases, e.g. `BinaryScores`.
        patients: (n,) patient of each case; cases of one patient are resampled together.
        groupings: how to divide the cases; codes (n,).
        settings: defaults if None.
        tell: hears how much more is done, up to 1.

    Returns:
        Estimates of attribute `overall`, then of each grouping: every metric of every group, of
        the unknown and of `all` known cases, and the summaries (`es_auc`, ...) under `all`.
        Contrasts of every pair of groups and metric; and for each largest gap one contrast of the
        two groups furthest apart, named like the summary, whose p is that of the largest gap.
    """
    settings = settings or Settings()
    units = units_of(patients)
    # No group at all: of this grouping only the set of all cases is reported.
    everyone = plain(Attribute(OVERALL, ()), np.zeros(len(units), dtype=np.int64))
    memo, work = Memo(), sum(map(work_of, (everyone, *groupings)))
    tell = scaled(tell, 1 / max(work, 1))
    overall = sample_grouping(measures, units, everyone, settings, memo, tell)
    estimates = [estimate for estimate in estimates_of(overall) if estimate.group == ALL]
    contrasts: list[Contrast] = []
    gaps: list[Contrast] = []
    for grouping in groupings:
        sampled = sample_grouping(measures, units, grouping, settings, memo, tell)
        compared, ranges = compared_groups(sampled), ranges_of(sampled)
        estimates += estimates_of(sampled)
        contrasts += pairwise(sampled, compared, ranges)
        of_all, largest = summarised(sampled, compared, ranges)
        estimates += of_all
        gaps += largest
    families = (*families_of_pairs(contrasts), *families_of_gaps(gaps, settings))
    return Analysis(tuple(estimates), (*contrasts, *adjusted_gaps(gaps, settings)), families)
