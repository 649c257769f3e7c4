"""Contrasts between groups, summaries over groups, and the tests of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairness.attributes import UNKNOWN
from fairness.outcomes import Contrast, Estimate
from fairness.statistics.across_groups import across
from fairness.statistics.contrasts import Pairs, compare, joint_limits
from fairness.statistics.estimates import estimate, number
from fairness.statistics.multiplicity import adjusted
from fairness.statistics.permutation import largest_gap_p_values
from fairness.statistics.power import minimum_detectable
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.settings import Settings


def compared_groups(grouping: SampledGrouping) -> dict[str, Pairs]:
    """Differences between every pair of groups that may be shown, by metric other than norms."""
    groups = grouping.of_tier("descriptive", "inferential")
    return {
        metric.name: compare(grouping.sampled, m, groups, grouping.dependent)
        for m, metric in enumerate(grouping.sampled.measures.metrics)
        if metric.kind != "norm"
    }


def pairwise(
    grouping: SampledGrouping, compared: dict[str, Pairs], families: dict[str, int]
) -> list[Contrast]:
    """Contrasts of every metric; each metric of an attribute is one family of tests."""
    settings, strong = grouping.sampled.settings, grouping.of_tier("inferential")
    contrasts = []
    for name, pairs in compared.items():
        if not len(pairs.value):
            continue
        low, high = joint_limits(grouping.sampled, [pairs], grouping.dependent)[0]
        testable = np.isin(pairs.first, strong) & np.isin(pairs.second, strong)
        p = np.where(testable, pairs.p, np.nan)
        tests = int(np.isfinite(p).sum())
        if tests:
            families[f"{name} between groups of {grouping.attribute.name}"] = tests
        p_adjusted = adjusted(p, settings.adjust)
        mde = minimum_detectable(pairs.variance, settings.confidence, settings.power, max(1, tests))
        for k in range(len(pairs.value)):
            numbers = (pairs.value[k], low[k], high[k], p[k], p_adjusted[k], mde[k])
            names = (grouping.labels[pairs.first[k]], grouping.labels[pairs.second[k]])
            contrasts.append(
                Contrast(grouping.attribute.name, name, *names, *(number(x) for x in numbers))
            )
    return contrasts


def summarised(
    grouping: SampledGrouping, compared: dict[str, Pairs], p_values: Mapping[str, float]
) -> tuple[list[Estimate], list[Contrast]]:
    """Summaries over the groups, and a contrast with a test for each largest gap."""
    everyone = len(grouping.labels) - 1
    method = "bootstrap of patients" if grouping.sampled.clustered[everyone] else "bootstrap"
    estimates, gaps = [], []
    for summary in grouping.sampled.measures.summaries:
        found = across(summary, grouping.sampled, everyone, compared, grouping.dependent)
        numbers = (found.value, found.low, found.high) if found else (np.nan,) * 3
        reason = _reason(grouping, [compared[name] for name in summary.metrics])
        if not found:
            reason = "fewer than two groups to compare" + (f"; {reason}" if reason else "")
        estimates.append(
            estimate(grouping, everyone, summary.name, numbers, f"simultaneous {method}", reason)
        )
        if found and summary.kind == "difference":
            labels = grouping.labels[found.highest], grouping.labels[found.lowest]
            p = number(p_values.get(summary.name, np.nan))
            value, low, high = (number(x) for x in numbers)
            name = grouping.attribute.name
            gaps.append(Contrast(name, summary.name, *labels, value, low, high, p, None, None))
    return estimates, gaps


def largest_gap_p(groupings: Sequence[SampledGrouping]) -> list[dict[str, float]]:
    """p-values of the largest gaps between inferential groups, by name of the summary.

    None for a grouping in which a patient is in several groups, or that is not primary.
    """
    p_values: list[dict[str, float]] = [{} for _ in groupings]
    strong = [grouping.of_tier("inferential") for grouping in groupings]
    tested = [
        k for k, g in enumerate(groupings) if g.primary and len(strong[k]) > 1 and not g.dependent
    ]
    if not tested or not groupings[0].sampled.settings.permutations:
        return p_values
    codes = [groupings[k].codes for k in tested]
    codings = [
        np.where(np.isin(c, strong[k]), c, UNKNOWN) for k, c in zip(tested, codes, strict=True)
    ]
    units, sampled = groupings[0].units, groupings[0].sampled
    rng = np.random.default_rng(sampled.settings.seed)
    repeats = sampled.settings.permutations
    found = largest_gap_p_values(sampled.measures, codings, units, repeats, rng)
    for k, of_grouping in zip(tested, found, strict=True):
        p_values[k] = of_grouping
    return p_values


def _reason(grouping: SampledGrouping, behind: list[Pairs]) -> str | None:
    """Note about groups that a summary leaves out, or that are too small to infer from."""
    shown = grouping.of_tier("descriptive", "inferential")
    metrics = [grouping.sampled.measures.metrics[pairs.metric] for pairs in behind]
    notes = [
        f"without {grouping.labels[g]} ({metric.undefined})"
        for metric, pairs in zip(metrics, behind, strict=True)
        for g in shown
        if np.isnan(grouping.sampled.values[g, pairs.metric])
    ]
    if any(grouping.sampled.rows[g].size for g in grouping.of_tier("suppressed")):
        notes.append("without groups too small to show")
    notes += [
        f"{grouping.labels[g]} is too small to infer from" for g in grouping.of_tier("descriptive")
    ]
    return "; ".join(notes) or None


def adjusted_gaps(
    largest: list[Contrast], settings: Settings, families: dict[str, int]
) -> list[Contrast]:
    """Largest gaps with adjusted p-values: one family is one summary over all attributes."""
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        where = [k for k, contrast in enumerate(largest) if contrast.metric == name]
        p = np.array([np.nan if (q := largest[k].p) is None else q for k in where])
        if np.isfinite(p).any():
            families[f"{name} over all attributes"] = int(np.isfinite(p).sum())
        for k, p_adjusted in zip(where, adjusted(p, settings.adjust), strict=True):
            largest[k] = replace(largest[k], p_adjusted=number(p_adjusted))
    return largest
