"""Who is missing: the people without a recorded group, by label and site, and whether it is chance.

Nothing is told of so few that they may not be shown. A table by site is a further table beside
those that suppression looked at, so it is shown only where no cell of attribute, site and label is
small, and where the report hides and withholds nothing at all.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.disclosure.sizes import IN_STRATA, Sizes, sizes_of
from fairness.errors import DataError
from fairness.groups import Grouping, plain, strata
from fairness.outcomes import Cases
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import placements
from fairness.statistics.families import adjusted
from fairness.statistics.intervals import wilson
from fairness.statistics.missing_tests import (
    Tested,
    related_to_label,
    related_to_score,
    related_to_site,
)
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured
from fairness.unrecorded import MissingCell, MissingTest, Unrecorded

SITES = ("site", "client", "hospital", "centre", "center")
"""Names of attributes, and of covariates of few levels, that are sites."""
EVERY = "all"
"""Label, or site, of a cell that does not look at it."""


def unrecorded(
    measured: Sequence[Measured], groupings: Sequence[Sequence[Grouping]], settings: Settings
) -> tuple[Unrecorded, ...]:
    """One for each attribute, as recorded, of which somebody's group is unknown.

    Args:
        measured: the first report, or those of several labels.
        groupings: judged, of the cases of each.
        settings: which groups are too small.
    """
    found = [
        one
        for part, of_one in zip(measured, groupings, strict=True)
        for one in of_report(part, of_one, settings)
    ]
    p = np.array([np.nan if t.p is None else t.p for one in found for t in one.tests])
    joint = iter(adjusted(p, "holm"))
    return tuple(
        replace(one, tests=tuple(with_joint(test, next(joint)) for test in one.tests))
        for one in found
    )


def with_joint(test: MissingTest, p: float) -> MissingTest:
    """The test with its adjusted p."""
    return replace(test, p_adjusted=float(p) if np.isfinite(p) else None)


def of_report(
    measured: Measured, groupings: Sequence[Grouping], settings: Settings
) -> list[Unrecorded]:
    """Those of one report, with p not yet adjusted."""
    sizes = sizes_of(measured.cases, measured.measures.positive, settings)
    names = {attribute.name for attribute in measured.cases.attributes}
    recorded = [g for g in groupings if g.attribute.name in names and not g.parts]
    hides = any(set(g.reasons.values()) - {IN_STRATA} for g in groupings)
    found = []
    for grouping in recorded:
        missing = grouping.codes == UNKNOWN
        if not missing.any() or missing.all():
            continue
        about = (grouping.attribute.name, measured.names.label)
        if {UNKNOWN_LABEL, ALL} & set(grouping.reasons):
            found.append(nothing(*about, "too few people to show"))
            continue
        site = None if is_site(grouping.attribute.name) else site_of(measured.cases)
        by_site = site is not None and not hides and is_large(grouping, site, sizes)
        told_of = site if by_site else None
        found.append(told(about, missing, measured, sizes, told_of, settings.quantile))
        if site is not None and not by_site:
            found[-1] = replace(found[-1], withheld="by site: too few people in some cell")
    return found


def nothing(attribute: str, label: str, why: str) -> Unrecorded:
    """An attribute of which nothing is told."""
    return Unrecorded(attribute=attribute, label=label, cells=(), tests=(), withheld=why)


def told(
    about: tuple[str, str],
    missing: BoolArray,
    measured: Measured,
    sizes: Sizes,
    site: Grouping | None,
    q: float,
) -> Unrecorded:
    """Cells, with intervals at the normal quantile `q`, and tests of one attribute.

    `about` is its name and the label of the report.
    """
    y, units = measured.measures.positive, sizes.patients
    score = score_of(measured)
    outcomes = {EVERY: sizes.everybody}
    tests = []
    if y is not None:
        outcomes |= {"positive": y == 1, "negative": y == 0}
        apart = float(y[missing].mean() - y[~missing].mean())
        tests.append(tested("label", apart, related_to_label(missing, y, units)))
    if score is not None:
        above = higher(score, missing, y)
        tests.append(tested("score", above, related_to_score(missing, score, y, units)))
    places = {EVERY: sizes.everybody}
    if site is not None:
        places |= {name: site.codes == code for code, name in enumerate(site.attribute.groups)}
        tests.append(tested("site", None, related_to_site(missing, site.codes, units)))
    cells = [
        cell((place, outcome), inside & of_outcome, missing, units, q)
        for place, inside in places.items()
        for outcome, of_outcome in outcomes.items()
        if (inside & of_outcome).any()
    ]
    return Unrecorded(
        attribute=about[0], label=about[1], cells=tuple(cells), tests=tuple(tests), withheld=""
    )


def tested(related_to: str, effect: float | None, found: Tested) -> MissingTest:
    """A test, not yet adjusted."""
    known = effect is not None and np.isfinite(effect)
    return MissingTest(
        related_to=related_to,
        effect=effect if known else None,
        p=found.p,
        p_adjusted=None,
        method=found.method,
    )


def cell(
    names: tuple[str, str], inside: BoolArray, missing: BoolArray, units: IntArray, q: float
) -> MissingCell:
    """One cell; its interval is Wilson's, of as many trials as there are effective patients."""
    n, unknown = int(inside.sum()), int((inside & missing).sum())
    low, high = wilson(np.array(unknown / n), np.array(effective_patients(units[inside])), q)
    return MissingCell(
        site=names[0],
        outcome=names[1],
        n=n,
        unknown=unknown,
        share=unknown / n,
        low=float(low),
        high=float(high),
    )


def score_of(measured: Measured) -> FloatArray | None:
    """(n,) what a model said of each case: its score, or the first score of its masks."""
    measures = measured.measures
    if measures.score is not None:
        return measures.score
    if not measured.spread:
        return None
    return measured.spread[0].values


def higher(score: FloatArray, missing: BoolArray, y: IntArray | None) -> float:
    """Probability that an unknown scores above another with the same label, ties one half."""
    label = np.zeros(len(score), dtype=np.int64) if y is None else y
    known, won, pairs = np.isfinite(score), 0.0, 0
    for k in np.unique(label):
        a, b = (score[known & (label == k) & side] for side in (missing, ~missing))
        if a.size and b.size:
            won += float(placements(a, b).sum()) * len(b)
            pairs += len(a) * len(b)
    return won / pairs if pairs else np.nan


def is_site(name: str) -> bool:
    """Whether an attribute of this name is the site."""
    return name.lower() in SITES


def site_of(cases: Cases) -> Grouping | None:
    """The sites of the cases: an attribute, or a covariate with few levels; None without any."""
    for attribute in cases.attributes:
        if is_site(attribute.name):
            return plain(attribute, cases.codes[attribute.name])
    for name, values in cases.covariates.items():
        if is_site(name) and 1 < len(np.unique(values[np.isfinite(values)])) <= 8:
            try:
                return strata(name, values, None)
            except DataError:
                return None
    return None


def is_large(grouping: Grouping, site: Grouping, sizes: Sizes) -> bool:
    """Whether no combination of group, site and label has few people; none at all may be."""
    codes = np.unique(grouping.codes)
    return not any(
        sizes.few((grouping.codes == code) & (site.codes == place))
        for code in codes
        for place in np.unique(site.codes)
    )
