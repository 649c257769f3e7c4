"""The report of one simulated test set, as far as a policy looks at it.

The steps are those of `fairness/statistics/analyse.py` and `fairness/summary.py`, by the same
functions; left out are numbers that no rule names, bootstrap replicates that only they need, and
p-values, which no verdict looks at. A test holds the verdicts against those of a full analysis.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from audit.design.draws import Frame
from audit.design.wanted import THRESHOLD, Wanted
from fairness.arrays import IntArray
from fairness.attributes import OVERALL, Attribute
from fairness.disclosure.sizes import sizes_of
from fairness.groups import Grouping, plain
from fairness.mask_scores import mask_measures
from fairness.outcomes import Cases, Contrast, Estimate, GroupReport, Names
from fairness.statistics.analyse import Analysis
from fairness.statistics.binary import BinaryScores
from fairness.statistics.contrasts import Pairs, limits, pairs_between
from fairness.statistics.doubts import doubts_of
from fairness.statistics.estimates import estimate
from fairness.statistics.gaps import pairwise, summarised
from fairness.statistics.measures import Measures
from fairness.statistics.sampled_grouping import SampledGrouping, sample_grouping
from fairness.statistics.settings import Settings
from fairness.statistics.unknown_groups import ranges_of
from fairness.summary import report_of
from fairness.suppression import judged
from fairness.tasks.measured import Measured

NAMES = Names("simulated", "simulated", "planned")


@dataclass(frozen=True)
class Draw:
    """A simulated test set, measured, with what may be shown of its groups."""

    measured: Measured
    groupings: tuple[Grouping, ...]
    wanted: Wanted

    def report(self, settings: Settings) -> GroupReport:
        """The numbers that rules look at; only the confidence may differ from the draw's."""
        one, cases = self.measured, self.measured.cases
        sizes = sizes_of(cases, one.measures.positive, settings)
        analysis = analysis_of(one.measures, sizes.patients, self.groupings, self.wanted, settings)
        return report_of(one, analysis, self.groupings, sizes, {}, settings)


def drawn(
    frame: Frame, cases: Cases, wanted: Wanted, measures: Measures, settings: Settings
) -> Draw:
    """A test set of the frame, whose people are `cases`."""
    kind = "segmentation" if frame.design.of_masks else "classification"
    sizes = sizes_of(cases, measures.positive, settings)
    shown = judged(frame.groupings, sizes)
    return Draw(Measured(NAMES, cases, measures, kind), tuple(shown), wanted)


def every_measure(frame: Frame) -> Measures:
    """All numbers of a test set of the frame, for their names."""
    rng = np.random.default_rng(0)
    if frame.design.of_masks:
        return mask_measures(frame.of_masks(rng))
    return BinaryScores(*frame.classified(rng), THRESHOLD)


def analysis_of(
    measures: Measures,
    units: IntArray,
    groupings: tuple[Grouping, ...],
    wanted: Wanted,
    settings: Settings,
) -> Analysis:
    """`analyse`, of the wanted numbers and attributes alone."""
    estimates: list[Estimate] = []
    contrasts: list[Contrast] = []
    everyone = plain(Attribute(OVERALL, ()), np.zeros(len(units), dtype=np.int64))
    for grouping in (everyone, *groupings):
        name = grouping.attribute.name
        if name not in wanted.attributes and not (name == OVERALL and wanted.overall):
            continue
        sampled = sample_grouping(measures, units, grouping, settings)
        estimates += wanted_estimates(sampled, wanted)
        if name == OVERALL:
            continue
        compared, ranges = untested(sampled), ranges_of(sampled)
        if wanted.pairs:
            names = [metric.name for metric in measures.metrics]
            of_rules = np.isin(compared.metric, [names.index(m) for m in wanted.pairs])
            contrasts += pairwise(sampled, compared.take(of_rules), ranges)
        if wanted.summaries:
            estimates += summarised(sampled, compared, ranges)[0]
    return Analysis(tuple(estimates), tuple(contrasts), ())


def untested(sampled: SampledGrouping) -> Pairs:
    """The pairs of `compared_groups`; those with an interval count as tested, at 0."""
    groups = sampled.of_tier("descriptive", "inferential")
    pairs = pairs_between(sampled.sampled, groups, sampled.dependent)
    low, high = limits(sampled.sampled, pairs, sampled.sampled.settings.quantile)
    return replace(pairs, crossing=np.where(np.isfinite(low + high), 0.0, np.nan))


def wanted_estimates(sampled: SampledGrouping, wanted: Wanted) -> Iterator[Estimate]:
    """`estimates_of`, of the wanted metrics alone."""
    of = sampled.sampled
    chosen = [(m, k) for m, k in enumerate(of.measures.metrics) if k.name in wanted.metrics]
    for cell in range(len(sampled.labels)):
        if sampled.name == OVERALL and cell < len(sampled.labels) - 1:
            continue
        doubts = doubts_of(sampled, cell)
        for m, metric in chosen:
            value = float(of.values[cell, m])
            low, high = of.limits(np.array([cell]), np.array([m]), of.settings.quantile)
            numbers = (value, float(low[0]), float(high[0]))
            reason = doubts.get(metric.name) if np.isfinite(value) else metric.undefined
            yield estimate(sampled, cell, metric.name, numbers, of.method(cell, m), reason)
