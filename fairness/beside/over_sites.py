"""Gaps between groups as means over sites, where there are many: sites are a sample, too."""

from collections.abc import Sequence

import numpy as np

from fairness.arrays import IntArray
from fairness.beside.adjustment import MANY_SITES, SITES, Adjustment, crossed
from fairness.beside.sets import CaseSet, pairs_in, sets_of
from fairness.beside.shown import Shown
from fairness.beside.stratify import ADJUSTED, pair_of, strata_of
from fairness.beside.tables import OfSites
from fairness.groups import Grouping
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.estimates import number
from fairness.statistics.heterogeneity import cochran, over_sites
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured


def of_sites(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    adjustment: Adjustment,
    settings: Settings,
) -> list[OfSites]:
    """Every pair of groups that at least `MANY_SITES` sites have, site by site, then together.

    Inside a site the groups are standardised over the other factors. Nothing is said of attributes
    with groups whose counts are withheld.
    """
    shown = Shown.of(measured, groupings, settings)
    patients = units_of(np.array(measured.cases.patients))
    named = {grouping.attribute.name: grouping for grouping in groupings}
    found: list[OfSites] = []
    for sets in sets_of(groupings, shown.sizes, settings)[1:]:
        visible = [one for one in sets if not one.hidden]
        if len(visible) < 2 or shown.sharing[visible[0].attribute].rounded:
            continue
        factors = adjustment.within(named[visible[0].attribute])
        for site in factors:
            if site.attribute.name.lower() not in SITES:
                continue
            others = [factor for factor in factors if factor is not site]
            stratum, names = crossed(others, len(scores.positive))
            for metric in ADJUSTED:
                args = (scores, metric, visible, site, stratum, names, patients, settings)
                found += of_metric(*args)
    return found


def of_metric(
    scores: BinaryScores,
    metric: str,
    sets: Sequence[CaseSet],
    site: Grouping,
    stratum: IntArray,
    names: tuple[str, ...],
    patients: IntArray,
    settings: Settings,
) -> list[OfSites]:
    """All pairs of the sets in one number."""
    gaps: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for code in range(len(site.attribute.groups)):
        inside = np.where(site.codes == code, stratum, -1)
        strata = strata_of(scores, metric, sets, patients, inside, names)
        for a, b in zip(*pairs_in(sets), strict=True):
            pair = pair_of(strata, int(a), int(b))
            if pair is not None:
                apart = pair.first.value - pair.second.value
                of_pair = gaps.setdefault((int(a), int(b)), [])
                of_pair.append((apart, pair.first.variance + pair.second.variance))
    found = []
    for (a, b), of_pair in gaps.items():
        tested = sets[a].tested and sets[b].tested
        if len(of_pair) < MANY_SITES or not tested:
            continue
        value, variance = np.array(of_pair).T
        one = over_sites(value, variance)
        low, high = one.limits(settings.confidence)
        found.append(
            OfSites(
                sets[a].attribute,
                metric,
                sets[a].group,
                sets[b].group,
                site.attribute.name,
                len(of_pair),
                one.value,
                low,
                high,
                one.p,
                one.spread,
                number(cochran(value, variance).p),
            )
        )
    return found
