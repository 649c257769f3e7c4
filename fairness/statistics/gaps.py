"""Contrasts between groups, summaries over groups, and the tests of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.outcomes import Contrast, Estimate
from fairness.statistics.across_groups import across
from fairness.statistics.contrasts import Pairs, compare, joint_limits
from fairness.statistics.estimates import estimate, number
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
            families[f"{name} between groups of {grouping.name}"] = tests
        p_adjusted = adjusted(p, settings.adjust)
        mde = minimum_detectable(pairs.variance, settings.confidence, settings.power, max(1, tests))
        for k in range(len(pairs.value)):
            numbers = (pairs.value[k], low[k], high[k], p[k], p_adjusted[k], mde[k])
            names = (grouping.labels[pairs.first[k]], grouping.labels[pairs.second[k]])
            contrasts.append(Contrast(grouping.name, name, *names, *(number(x) for x in numbers)))
    return contrasts


def summarised(
    grouping: SampledGrouping, compared: dict[str, Pairs], p_values: Mapping[str, float]
) -> tuple[list[Estimate], list[Contrast]]:
    """Summaries over the groups, and a contrast with a test for each largest gap."""
    method = "bootstrap of patients" if grouping.sampled.clustered[-1] else "bootstrap"
    estimates, gaps = [], []
    for summary in grouping.sampled.measures.summaries:
        found = across(summary, grouping.sampled, compared, grouping.dependent)
        numbers = found.numbers if found else (np.nan, np.nan, np.nan)
        reason = _reason(grouping, [compared[name] for name in summary.metrics])
        if not found:
            reason = "fewer than two groups to compare" + (f"; {reason}" if reason else "")
        estimates.append(
            estimate(grouping, -1, summary.name, numbers, f"simultaneous {method}", reason)
        )
        if found and summary.kind == "difference":
            labels = grouping.labels[found.highest], grouping.labels[found.lowest]
            p = number(p_values.get(summary.name, np.nan))
            value, low, high = (number(x) for x in numbers)
            names = (grouping.name, summary.name, *labels)
            gaps.append(Contrast(*names, value, low, high, p, None, None))
    return estimates, gaps


def largest_gap_p(groupings: Sequence[SampledGrouping], units: IntArray) -> list[dict[str, float]]:
    """p-values of the largest gaps between inferential groups, by name of the summary.

    None for a grouping in which a patient is in several groups, or that is not primary.
    """
    codings = {}
    for k, one in enumerate(groupings):
        codes, strong = one.grouping.codes, one.of_tier("inferential")
        if one.grouping.primary and len(strong) > 1 and not one.dependent:
            codings[k] = np.where(np.isin(codes, strong), codes, UNKNOWN)
    if not codings or not groupings[0].sampled.settings.permutations:
        return [{} for _ in groupings]
    measures, settings = groupings[0].sampled.measures, groupings[0].sampled.settings
    rng = np.random.default_rng(settings.seed)
    found = largest_gap_p_values(
        measures, list(codings.values()), units, settings.permutations, rng
    )
    p_values = dict(zip(codings, found, strict=True))
    return [p_values.get(k, {}) for k in range(len(groupings))]


def _reason(grouping: SampledGrouping, behind: list[Pairs]) -> str | None:
    """Note about groups that a summary leaves out, or that are too small to infer from."""
    shown = grouping.of_tier("descriptive", "inferential")
    metrics = grouping.sampled.measures.metrics
    notes = [
        f"without {grouping.labels[g]} ({metrics[pairs.metric].undefined})"
        for pairs in behind
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
    p = np.array([np.nan if contrast.p is None else contrast.p for contrast in largest])
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        family = np.flatnonzero([contrast.metric == name for contrast in largest])
        if np.isfinite(p[family]).any():
            families[f"{name} over all attributes"] = int(np.isfinite(p[family]).sum())
        p[family] = adjusted(p[family], settings.adjust)
    return [replace(gap, p_adjusted=number(q)) for gap, q in zip(largest, p, strict=True)]


def adjusted(p: FloatArray, method: Literal["holm", "bh"]) -> FloatArray:
    """p-values (K,) of one family, adjusted; NaN is no test and stays NaN.

    holm: any false alarm in the family (Holm, Scandinavian Journal of Statistics 1979). bh: the
    share of false alarms among the alarms (Benjamini and Hochberg, JRSS B 1995).
    """
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    rank = np.arange(len(order))
    result = np.full(len(p), np.nan)
    if method == "holm":
        result[order] = np.maximum.accumulate(p[order] * (len(order) - rank))
    else:
        steps = p[order] * len(order) / (rank + 1)
        result[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return np.minimum(result, 1.0)
