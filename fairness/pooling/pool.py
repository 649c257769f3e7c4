"""Files of several sites > one report: pooled, site by site, and what the histograms cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fairness.attributes import ALL, OVERALL
from fairness.beside.tables import Adjusted, Beside, OfSites
from fairness.disclosure.sizes import WITHHELD
from fairness.outcomes import Contrast, Estimate, GroupReport, Names, Row
from fairness.pooling.consistent import names_of
from fairness.pooling.measured import Found, Numbers, numbers_of
from fairness.pooling.members import METRICS, Members
from fairness.pooling.over_sites import stratified
from fairness.pooling.summary import SiteSummary
from fairness.statistics.families import adjusted_gaps, families_of_gaps, families_of_pairs
from fairness.statistics.settings import Settings

EVERYWHERE = "hidden or absent at every site"


@dataclass(frozen=True)
class Binned:
    """What counting in cells leaves open of one pooled AUC."""

    attribute: str
    group: str
    sites: int
    """That show the group."""
    value: float
    lowest: float
    """If every pair across sites that the cells leave open were lost."""
    highest: float
    cost: float
    """The most that the cells can have moved the value."""


@dataclass(frozen=True)
class Pooled:
    """All numbers of several sites."""

    report: GroupReport
    beside: Beside
    binned: tuple[Binned, ...]
    missing: tuple[str, ...]
    """A line for each group that a site does not show."""


def pool(sites: Sequence[SiteSummary], provenance: Mapping[str, Any], settings: Settings) -> Pooled:
    """Pool files that fit each other (`refusals.py`).

    Args:
        sites: of different people.
        provenance: what was pooled; the settings are added to it.
        settings: of the statistics.
    """
    names = Names(*(in_common(texts) for texts in zip(*map(named, sites), strict=True)))
    whole: dict[str, Found] = {ALL: [(one.everybody, one) for one in sites]}
    overall = numbers_of(OVERALL, whole, settings, primary=False)
    estimates = [one for one in overall.estimates if one.group == ALL and is_metric(one.metric)]
    estimates = list({one.metric: one for one in estimates}.values())
    pairs: list[Contrast] = []
    gaps: list[Contrast] = []
    binned = [binned_of(OVERALL, ALL, whole[ALL])]
    adjusted: list[Adjusted] = []
    means: list[OfSites] = []
    for name in names_of(sites):
        groups = groups_of(name, sites)
        found = numbers_of(name, groups, settings, primary=True)
        estimates += [*found.estimates, *absent(name, sites, groups)]
        pairs += found.pairs
        gaps += found.gaps
        binned += [binned_of(name, group, parts) for group, parts in groups.items()]
        raw = {(c.attribute, c.metric, c.group_a, c.group_b): c for c in found.pairs}
        over, of_sites = stratified(name, groups, [one.site for one in sites], raw, settings)
        adjusted += over
        means += of_sites
    families = (*families_of_pairs(pairs), *families_of_gaps(gaps, settings))
    for single in site_by_site(sites, settings):
        estimates += single.estimates
        pairs += single.pairs
        gaps += [replace(gap, p=None) for gap in single.gaps]
    report = GroupReport(
        rows=tuple(row_of(names, one) for one in estimates),
        contrasts=(*pairs, *adjusted_gaps(gaps, settings)),
        provenance={**provenance, "statistics": asdict(settings), "families": list(families)},
    )
    note = "standardised over sites: every group has the share of cases that all groups have there"
    beside = Beside(adjusted=tuple(adjusted), adjusted_note=note, over_sites=tuple(means))
    return Pooled(report, beside, tuple(binned), tuple(missing_of(sites)))


def named(site: SiteSummary) -> tuple[str, str, str]:
    """Model, dataset and split."""
    return site.model.name, site.dataset, site.split


def in_common(names: Sequence[str]) -> str:
    """The one name of all sites; `several` where they differ."""
    return names[0] if len(set(names)) == 1 else "several"


def is_metric(name: str) -> bool:
    """Whether a number is of one set of cases, not over groups."""
    return name in {metric.name for metric in METRICS}


def row_of(names: Names, one: Estimate) -> Row:
    """An estimate as a row."""
    hidden = WITHHELD if one.reason == EVERYWHERE else None
    return Row(**asdict(names), **asdict(one), suppressed=hidden)


def groups_of(name: str, sites: Sequence[SiteSummary]) -> dict[str, Found]:
    """Parts of each group that any site shows, in the order of the groups."""
    attributes = [(a, one) for one in sites for a in one.attributes if a.name == name]
    groups = dict.fromkeys(group for a, _ in attributes for group in a.groups)
    found = {
        group: [(part, one) for a, one in attributes for part in a.parts if part.group == group]
        for group in groups
    }
    return {group: parts for group, parts in found.items() if parts}


def absent(name: str, sites: Sequence[SiteSummary], shown: Mapping[str, Found]) -> list[Estimate]:
    """Rows without numbers of the groups that no site shows."""
    same = [a for one in sites for a in one.attributes if a.name == name]
    every = dict.fromkeys(group for a in same for group in a.groups)
    return [
        Estimate(name, group, metric.name, *(None,) * 6, EVERYWHERE)
        for group in every
        if group not in shown
        for metric in METRICS
    ]


def site_by_site(sites: Sequence[SiteSummary], settings: Settings) -> list[Numbers]:
    """Everybody by site; then the groups of each attribute inside each site."""
    taken, name = names_of(sites), "site"
    name = "site of the file" if name in taken else name
    by_site: dict[str, Found] = {one.site: [(one.everybody, one)] for one in sites}
    found = [numbers_of(name, by_site, settings, primary=False)]
    for one in sites:
        for attribute in one.attributes:
            groups: dict[str, Found] = {part.group: [(part, one)] for part in attribute.parts}
            title = f"{attribute.name} | {name} {one.site}"
            if groups:
                found.append(numbers_of(title, groups, settings, primary=False))
    return found


def binned_of(attribute: str, group: str, found: Found) -> Binned:
    """What the cells leave open of one group."""
    auc = Members.of(found).auc
    return Binned(
        attribute, group, len(found), auc.value, auc.lowest, auc.highest, max(auc.cost, 0.0)
    )


def missing_of(sites: Sequence[SiteSummary]) -> list[str]:
    """Which groups each site does not show, and why; attributes that it does not have."""
    found, names = [], names_of(sites)
    for one in sites:
        for attribute in one.attributes:
            lines = [f"{group} ({why})" for group, why in attribute.withheld.items()]
            if lines:
                found.append(f"{one.site} does not show {attribute.name} {', '.join(lines)}")
        has = {attribute.name for attribute in one.attributes}
        if lacking := [name for name in names if name not in has]:
            found.append(f"{one.site} has no {', '.join(lacking)}")
    return found
