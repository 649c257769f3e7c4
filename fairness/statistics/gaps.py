"""Contrasts between groups, summaries over groups, and the tests of both."""

from dataclasses import replace

import numpy as np

from fairness.outcomes import Contrast, Estimate
from fairness.statistics.across_groups import across
from fairness.statistics.contrasts import Pairs, compare, limits
from fairness.statistics.doubts import doubts_about
from fairness.statistics.estimates import estimate, number
from fairness.statistics.joint import joint_p, joint_quantile, largest_draws
from fairness.statistics.power import minimum_detectable
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.unknown_groups import Ranges


def compared_groups(grouping: SampledGrouping) -> Pairs:
    """Differences between every pair of groups that may be shown, in every metric but norms."""
    groups = grouping.of_tier("descriptive", "inferential")
    return compare(grouping.sampled, groups, grouping.dependent)


def pairwise(grouping: SampledGrouping, compared: Pairs, ranges: Ranges) -> list[Contrast]:
    """Contrasts of every metric; the pairs of one metric of an attribute hold together.

    A pair with a group that is too small to infer from has an interval, but no p.
    """
    settings, strong = grouping.sampled.settings, grouping.of_tier("inferential")
    metrics = grouping.sampled.measures.metrics
    contrasts = []
    for m in np.unique(compared.metric):
        pairs = compared.take(compared.metric == m)
        draws = largest_draws(grouping.sampled, pairs, grouping.name)
        q = joint_quantile(draws, settings.confidence, settings.quantile)
        testable = np.isin(pairs.first, strong) & np.isin(pairs.second, strong)
        low, high = limits(grouping.sampled, pairs, settings.quantile)
        low_adjusted, high_adjusted = limits(grouping.sampled, pairs, q)
        unknown_low, unknown_high = ranges.of_pairs(pairs)
        columns = {
            "value": pairs.value,
            "low": low,
            "high": high,
            "p": np.where(testable, pairs.p, np.nan),
            "low_adjusted": low_adjusted,
            "high_adjusted": high_adjusted,
            "p_adjusted": np.where(testable, joint_p(draws, pairs.crossing), np.nan),
            "mde": minimum_detectable(pairs.variance, q, settings.power),
            "unknown_low": unknown_low,
            "unknown_high": unknown_high,
        }
        for k, (a, b) in enumerate(zip(pairs.first, pairs.second, strict=True)):
            names = (grouping.name, metrics[m].name, grouping.labels[a], grouping.labels[b])
            contrast = Contrast(*names, None, None, None, None)
            numbers = {name: number(column[k]) for name, column in columns.items()}
            contrasts.append(replace(contrast, **numbers))  # type: ignore[arg-type]  # names above
    return contrasts


def summarised(
    grouping: SampledGrouping, compared: Pairs, ranges: Ranges
) -> tuple[list[Estimate], list[Contrast]]:
    """Summaries over the groups, and a contrast with a test for each largest gap.

    Value, limits and p speak of the same groups: where one of them is too small to infer from,
    there is no p.
    """
    estimates, gaps = [], []
    for summary in grouping.sampled.measures.summaries:
        found = across(summary, grouping.sampled, compared, grouping.name, grouping.dependent)
        numbers = found.numbers if found else (np.nan, np.nan, np.nan)
        notes = doubts_about(grouping, summary)
        if not found:
            notes = ["fewer than two groups to compare", *notes]
        at_worst = ranges.of_summary(summary) if found else (None, None)
        of_all = estimate(
            grouping, -1, summary.name, numbers, "simultaneous", "; ".join(notes) or None
        )
        estimates.append(replace(of_all, unknown_low=at_worst[0], unknown_high=at_worst[1]))
        if found and summary.kind == "difference":
            labels = grouping.labels[found.highest], grouping.labels[found.lowest]
            value, low, high = (number(x) for x in numbers)
            tested = grouping.grouping.primary and not grouping.of_tier("descriptive").size
            p = number(found.p) if tested else None
            names = (grouping.name, summary.name, *labels)
            gap = Contrast(*names, value, low, high, p)
            gaps.append(replace(gap, unknown_low=at_worst[0], unknown_high=at_worst[1]))
    return estimates, gaps
