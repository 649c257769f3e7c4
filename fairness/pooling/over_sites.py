"""Gaps between groups standardised over sites, whether sites agree, and the mean over sites.

Inside a site no histogram is needed: every number is exact.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.beside.adjust import METHOD, line_of, side
from fairness.beside.adjustment import MANY_SITES
from fairness.beside.sets import CaseSet
from fairness.beside.stratify import ADJUSTED, AUC, Strata, pair_of
from fairness.beside.tables import Adjusted, OfSites
from fairness.outcomes import Contrast
from fairness.pooling.measured import Found
from fairness.pooling.members import Members
from fairness.pooling.summary import Part
from fairness.statistics.differences import contrast_of, differences
from fairness.statistics.estimates import number
from fairness.statistics.heterogeneity import cochran, over_sites
from fairness.statistics.intervals import auc_trials, auc_variance, share_trials
from fairness.statistics.settings import Settings, tier
from fairness.statistics.stratified import InStrata

SITE = "site"


def stratified(
    attribute: str,
    groups: Mapping[str, Found],
    sites: Sequence[str],
    raw: Mapping[tuple[str, str, str, str], Contrast],
    settings: Settings,
) -> tuple[list[Adjusted], list[OfSites]]:
    """Every pair of groups in every such number.

    Args:
        attribute: of the groups.
        groups: parts of each.
        sites: names of all.
        raw: differences of the pooled people, by attribute, metric and groups.
        settings: of the statistics.
    """
    people = [Members.of(found).people for found in groups.values()]
    sets = [
        CaseSet(attribute, group, np.zeros(0, dtype=np.int64), False, tested)
        for group, tested in zip(
            groups, [tier(*one, settings) == "inferential" for one in people], strict=True
        )
    ]
    found: list[Adjusted] = []
    means: list[OfSites] = []
    for metric in ADJUSTED:
        strata = strata_of(metric, list(groups.values()), sites)
        found += adjusted(metric, sets, strata, raw, settings)
        means += mean_over_sites(metric, sets, strata, settings)
    return found, means


def strata_of(metric: str, groups: Sequence[Found], sites: Sequence[str]) -> Strata:
    """One number of the groups, site by site."""
    placed = [{site.site: part for part, site in found} for found in groups]
    independent = not any(site.dependent for found in groups for _, site in found)
    in_sites = [
        in_strata(metric, [parts.get(site) for site in sites], independent) for parts in placed
    ]
    counts = np.zeros((len(groups), 2, len(sites)))
    sizes = np.zeros(len(sites))
    for c, parts in enumerate(placed):
        for k, site in enumerate(sites):
            if (part := parts.get(site)) is None:
                continue
            if metric == AUC:
                sizes[k] += part.cases[1]
            else:
                counts[c, :, k] = part.sums[metric].total, part.sums[metric].cases
                sizes[k] += part.sums[metric].cases
    nobody = np.zeros(1, dtype=np.int64)
    return Strata(
        tuple(sites),
        sizes,
        tuple(in_sites),
        (nobody,) * len(groups),
        np.zeros(0) if metric == AUC else counts,
        independent,
    )


def in_strata(metric: str, parts: Sequence[Part | None], independent: bool) -> InStrata:
    """One number of one group in each site; NaN where the site does not show it."""
    value, trials, variance, size = (np.full(len(parts), np.nan) for _ in range(4))
    for k, part in enumerate(parts):
        if part is None:
            continue
        if metric == AUC:
            auc = [part.auc.value, part.auc.variance, *part.effective_of_class]
            columns = [np.array(x) for x in auc]
            value[k], size[k] = part.auc.value, min(part.effective_of_class)
            trials[k], variance[k] = auc_trials(*columns), auc_variance(*columns)
        elif (sums := part.sums[metric]).cases:
            value[k], size[k], trials[k] = sums.value, sums.cases, sums.cases
            if not independent and sums.patients > 1:
                numbers = (sums.value, sums.variance, sums.effective_patients)
                trials[k] = share_trials(*map(np.array, numbers))
            likely = (value[k] * trials[k] + 2) / (trials[k] + 4)
            variance[k] = likely * (1 - likely) / trials[k]
    nobody = np.zeros(1)
    return InStrata(value, trials, variance, size, nobody, np.full(1, -1))


def adjusted(
    metric: str,
    sets: Sequence[CaseSet],
    strata: Strata,
    raw: Mapping[tuple[str, str, str, str], Contrast],
    settings: Settings,
) -> list[Adjusted]:
    """All pairs, each standardised over the sites that both groups are shown by."""
    places = [(a, b) for a in range(len(sets)) for b in range(a + 1, len(sets))]
    every = {place: pair_of(strata, *place) for place in places}
    pairs = {place: pair for place, pair in every.items() if pair is not None}
    if not pairs:
        return []
    tested = np.array([sets[a].tested and sets[b].tested for a, b in pairs])
    first, second = (
        side([pair.first for pair in pairs.values()]),
        side([pair.second for pair in pairs.values()]),
    )
    columns = differences(first, second, np.zeros(len(pairs)), tested, settings)
    found = []
    for k, ((a, b), pair) in enumerate(pairs.items()):
        names = (sets[a].attribute, metric, sets[a].group, sets[b].group)
        told = contrast_of(names, columns, k, METHOD)
        found.append(line_of(told, raw.get(names), pair, pair, sets, settings))
    return found


def mean_over_sites(
    metric: str, sets: Sequence[CaseSet], strata: Strata, settings: Settings
) -> list[OfSites]:
    """All pairs that at least `MANY_SITES` sites have, sites being a sample, too."""
    found = []
    for a in range(len(sets)):
        for b in range(a + 1, len(sets)):
            one, other = strata.of_sets[a], strata.of_sets[b]
            both = one.defined & other.defined
            if both.sum() < MANY_SITES or not (sets[a].tested and sets[b].tested):
                continue
            value = one.value[both] - other.value[both]
            variance = one.variance[both] + other.variance[both]
            mean = over_sites(value, variance)
            numbers = (mean.value, *mean.limits(settings.confidence), mean.p, mean.spread)
            of_pair = (sets[a].attribute, metric, sets[a].group, sets[b].group)
            p = number(cochran(value, variance).p)
            found.append(OfSites(*of_pair, SITE, int(both.sum()), *numbers, p))
    return found
