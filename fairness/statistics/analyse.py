"""The whole analysis: arrays in, a table of estimates and a table of contrasts out.

For each grouping: measure and resample every group, the unknown and all known cases; compare the
groups that are large enough to be shown; test those that are large enough to infer from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import UNKNOWN, UNKNOWN_LABEL, Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast
from fairness.statistics.across_groups import across
from fairness.statistics.bootstrap import units_of
from fairness.statistics.contrasts import Pairs, compare, joint_limits
from fairness.statistics.measures import Measures
from fairness.statistics.multiplicity import adjusted
from fairness.statistics.permutation import largest_gap_p_values
from fairness.statistics.power import minimum_detectable
from fairness.statistics.sampled import Sampled, sample
from fairness.statistics.settings import Settings, Tier, tier
from fairness.statistics.simultaneous import norm_limits
from fairness.suppression import suppressed

ALL = "all"
OVERALL = "overall"


@dataclass(frozen=True)
class Estimate:
    """One number: the fields of `fairness.outcomes.Row` that do not depend on where it came from."""

    attribute: str
    group: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    n: int
    n_positive: int | None
    reason: str | None


@dataclass(frozen=True)
class Analysis:
    """All estimates and contrasts, and the families of tests: name to number of tests."""

    estimates: tuple[Estimate, ...]
    contrasts: tuple[Contrast, ...]
    families: Mapping[str, int]


@dataclass(frozen=True)
class Part:
    """One grouping, sampled: the sets of cases are its groups, then others, last all known."""

    attribute: Attribute
    codes: IntArray
    units: IntArray
    labels: tuple[str, ...]
    """Of the sampled sets."""
    sampled: Sampled
    tiers: tuple[Tier, ...]
    """Of the groups."""
    dependent: bool
    """Some patient is in several groups."""

    def of_tier(self, *tiers: Tier) -> IntArray:
        """The groups of these tiers."""
        return np.array([g for g, t in enumerate(self.tiers) if t in tiers], dtype=np.int64)


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
    everyone = plain(Attribute(OVERALL, (ALL,)), np.zeros(len(units), dtype=np.int64))
    estimates = list(_estimates(_part(measures, units, everyone, settings), only=0))
    contrasts: list[Contrast] = []
    families: dict[str, int] = {}
    parts = [_part(measures, units, grouping, settings) for grouping in groupings]
    gaps: list[Contrast] = []
    for part, p_values in zip(parts, _largest_gap_p(parts), strict=True):
        compared = _compared(part)
        estimates += _estimates(part)
        contrasts += _pairwise(part, compared, families)
        summaries, largest = _summaries(part, compared, p_values)
        estimates += summaries
        gaps += largest
    contrasts += _adjusted(gaps, settings, families)
    return Analysis(tuple(estimates), tuple(contrasts), families)


def _part(measures: Measures, units: IntArray, grouping: Grouping, settings: Settings) -> Part:
    """Measure and resample one grouping."""
    attribute, codes = grouping.attribute, grouping.codes
    cells = [np.flatnonzero(codes == g) for g in range(len(attribute.groups))]
    people = np.array([len(np.unique(units[rows])) for rows in cells])
    hidden = suppressed(people.reshape(grouping.factors), settings.suppress_below).ravel()
    y = measures.positive
    tiers = [
        "suppressed"
        if hide
        else tier(len(rows), None if y is None else int(y[rows].sum()), settings)
        for rows, hide in zip(cells, hidden, strict=True)
    ]
    labels = [*attribute.groups, UNKNOWN_LABEL, ALL]
    cells += [np.flatnonzero(codes == UNKNOWN), np.flatnonzero(codes >= 0)]
    rng = np.random.default_rng([settings.seed, crc32(attribute.name.encode())])
    sampled = sample(measures, cells, units, codes, settings, rng)
    dependent = bool(people.sum() > len(np.unique(units[codes >= 0])))
    return Part(attribute, codes, units, tuple(labels), sampled, tuple(tiers), dependent)


def _estimates(part: Part, only: int | None = None) -> Iterator[Estimate]:
    """Every metric of every set of cases."""
    sampled, settings = part.sampled, part.sampled.settings
    for m, metric in enumerate(sampled.measures.metrics):
        low, high = sampled.limits(m, settings.quantile)
        for cell in range(len(part.labels)) if only is None else [only]:
            value, limits = float(sampled.values[cell, m]), (low[cell], high[cell])
            if metric.kind == "norm" and np.isfinite(value):
                moved = sampled.replicates[cell, m]
                limits = norm_limits(value, moved, settings.confidence)
            reason = None if np.isfinite(value) else metric.undefined
            yield _estimate(
                part, cell, metric.name, (value, *limits), sampled.method(cell, m), reason
            )


def _estimate(
    part: Part,
    cell: int,
    metric: str,
    numbers: tuple[float, float, float],
    method: str,
    reason: str | None,
) -> Estimate:
    """An estimate of one set of cases; limits only where both are known."""
    rows, y = part.sampled.rows[cell], part.sampled.measures.positive
    value, low, high = (_number(x) for x in numbers)
    bounded = value is not None and low is not None and high is not None
    if value is not None and not bounded and reason is None:
        reason = "too few cases for an interval"
    return Estimate(
        part.attribute.name,
        part.labels[cell],
        metric,
        value,
        low if bounded else None,
        high if bounded else None,
        method if bounded else None,
        len(rows),
        None if y is None else int(y[rows].sum()),
        reason if rows.size else "no case",
    )


def _compared(part: Part) -> dict[str, Pairs]:
    """Every pair of groups that may be shown, by metric; a norm is not compared."""
    groups = part.of_tier("descriptive", "inferential")
    return {
        metric.name: compare(part.sampled, m, groups, part.dependent)
        for m, metric in enumerate(part.sampled.measures.metrics)
        if metric.kind != "norm"
    }


def _pairwise(part: Part, compared: dict[str, Pairs], families: dict[str, int]) -> list[Contrast]:
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
                Contrast(part.attribute.name, name, *names, *(_number(x) for x in numbers))
            )
    return contrasts


def _summaries(
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
            _estimate(part, everyone, summary.name, numbers, f"simultaneous {method}", reason)
        )
        if found and summary.kind == "difference":
            labels = part.labels[found.highest], part.labels[found.lowest]
            p = _number(p_values.get(summary.name, np.nan))
            value, low, high = (_number(x) for x in numbers)
            name = part.attribute.name
            gaps.append(Contrast(name, summary.name, *labels, value, low, high, p, None, None))
    return estimates, gaps


def _largest_gap_p(parts: Sequence[Part]) -> list[dict[str, float]]:
    """p-values of the largest gaps between inferential groups; none if patients cross groups."""
    p_values: list[dict[str, float]] = [{} for _ in parts]
    tested = [
        k
        for k, part in enumerate(parts)
        if len(part.of_tier("inferential")) > 1 and not part.dependent
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
    if part.of_tier("suppressed").size:
        notes.append("without groups too small to show")
    notes += [f"{part.labels[g]} is too small to infer from" for g in part.of_tier("descriptive")]
    return "; ".join(notes) or None


def _adjusted(
    largest: list[Contrast], settings: Settings, families: dict[str, int]
) -> list[Contrast]:
    """Largest gaps with adjusted p: one family is one summary over all attributes."""
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        where = [k for k, contrast in enumerate(largest) if contrast.metric == name]
        p = np.array([np.nan if (q := largest[k].p) is None else q for k in where])
        if np.isfinite(p).any():
            families[f"{name} over all attributes"] = int(np.isfinite(p).sum())
        for k, p_adjusted in zip(where, adjusted(p, settings.adjust), strict=True):
            largest[k] = replace(largest[k], p_adjusted=_number(p_adjusted))
    return largest


def _number(x: float | FloatArray) -> float | None:
    return float(x) if np.isfinite(x) else None
