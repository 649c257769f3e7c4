"""The table of contrasts, and the numbers of all groups together: every gap and its test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fairness.attributes import UNKNOWN
from fairness.outcomes import Contrast
from fairness.statistics.across_groups import across
from fairness.statistics.contrasts import Pairs, compare, joint_limits
from fairness.statistics.estimates import Estimate, estimate, number
from fairness.statistics.multiplicity import adjusted
from fairness.statistics.sampled_grouping import Part
from fairness.statistics.permutation import largest_gap_p_values
from fairness.statistics.power import minimum_detectable
from fairness.statistics.settings import Settings


def compared_groups(part: Part) -> dict[str, Pairs]:
    """Every pair of groups that may be shown, by metric; a norm is not compared."""
    groups = part.of_tier("descriptive", "inferential")
    return {
        metric.name: compare(part.sampled, m, groups, part.dependent)
        for m, metric in enumerate(part.sampled.measures.metrics)
        if metric.kind != "norm"
    }


def pairwise(part: Part, compared: dict[str, Pairs], families: dict[str, int]) -> list[Contrast]:
    """The contrasts of every metric; each metric of an attribute is one family of tests."""
    settings, strong = part.sampled.settings, part.of_tier("inferential")
    contrasts = []
    for name, pairs in compared.items():
        if not len(pairs.value):
            continue
        low, high = joint_limits(part.sampled, [pairs], part.dependent)[0]
        testable = np.isin(pairs.first, strong) & np.isin(pairs.second, strong)
        p = np.where(testable, pairs.p, np.nan)
        tests = int(np.isfinite(p).sum())
        if tests:
            families[f"{name} between groups of {part.attribute.name}"] = tests
        p_adjusted = adjusted(p, settings.adjust)
        mde = minimum_detectable(pairs.variance, settings.confidence, settings.power, max(1, tests))
        for k in range(len(pairs.value)):
            numbers = (pairs.value[k], low[k], high[k], p[k], p_adjusted[k], mde[k])
            names = (part.labels[pairs.first[k]], part.labels[pairs.second[k]])
            contrasts.append(
                Contrast(part.attribute.name, name, *names, *(number(x) for x in numbers))
            )
    return contrasts


def summarised(
    part: Part, compared: dict[str, Pairs], p_values: Mapping[str, float]
) -> tuple[list[Estimate], list[Contrast]]:
    """The numbers of all groups together, and a contrast with a test for each largest gap."""
    everyone = len(part.labels) - 1
    method = "bootstrap of patients" if part.sampled.clustered[everyone] else "bootstrap"
    estimates, gaps = [], []
    for summary in part.sampled.measures.summaries:
        found = across(summary, part.sampled, everyone, compared, part.dependent)
        numbers = (found.value, found.low, found.high) if found else (np.nan,) * 3
        reason = _reason(part, [compared[name] for name in summary.metrics])
        if not found:
            reason = "fewer than two groups to compare" + (f"; {reason}" if reason else "")
        estimates.append(
            estimate(part, everyone, summary.name, numbers, f"simultaneous {method}", reason)
        )
        if found and summary.kind == "difference":
            labels = part.labels[found.highest], part.labels[found.lowest]
            p = number(p_values.get(summary.name, np.nan))
            value, low, high = (number(x) for x in numbers)
            name = part.attribute.name
            gaps.append(Contrast(name, summary.name, *labels, value, low, high, p, None, None))
    return estimates, gaps


def largest_gap_p(parts: Sequence[Part]) -> list[dict[str, float]]:
    """p-values of the largest gaps between inferential groups; none if patients cross groups."""
    p_values: list[dict[str, float]] = [{} for _ in parts]
    tested = [
        k
        for k, part in enumerate(parts)
        if part.primary and len(part.of_tier("inferential")) > 1 and not part.dependent
    ]
    if not tested or not parts[0].sampled.settings.permutations:
        return p_values
    codings = [
        np.where(np.isin(part.codes, part.of_tier("inferential")), part.codes, UNKNOWN)
        for part in (parts[k] for k in tested)
    ]
    sampled = parts[0].sampled
    found = largest_gap_p_values(
        sampled.measures,
        codings,
        parts[0].units,
        sampled.settings.permutations,
        np.random.default_rng(sampled.settings.seed),
    )
    for k, of_part in zip(tested, found, strict=True):
        p_values[k] = of_part
    return p_values


def _reason(part: Part, behind: list[Pairs]) -> str | None:
    """Which groups a summary leaves out, and which are too small to infer from."""
    shown = part.of_tier("descriptive", "inferential")
    metrics = [part.sampled.measures.metrics[pairs.metric] for pairs in behind]
    notes = [
        f"without {part.labels[g]} ({metric.undefined})"
        for metric, pairs in zip(metrics, behind, strict=True)
        for g in shown
        if np.isnan(part.sampled.values[g, pairs.metric])
    ]
    if any(part.sampled.rows[g].size for g in part.of_tier("suppressed")):
        notes.append("without groups too small to show")
    notes += [f"{part.labels[g]} is too small to infer from" for g in part.of_tier("descriptive")]
    return "; ".join(notes) or None


def adjusted_gaps(
    largest: list[Contrast], settings: Settings, families: dict[str, int]
) -> list[Contrast]:
    """Largest gaps with adjusted p: one family is one summary over all attributes."""
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        where = [k for k, contrast in enumerate(largest) if contrast.metric == name]
        p = np.array([np.nan if (q := largest[k].p) is None else q for k in where])
        if np.isfinite(p).any():
            families[f"{name} over all attributes"] = int(np.isfinite(p).sum())
        for k, p_adjusted in zip(where, adjusted(p, settings.adjust), strict=True):
            largest[k] = replace(largest[k], p_adjusted=number(p_adjusted))
    return largest
