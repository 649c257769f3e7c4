"""Gaps between groups that are standardised over strata, beside those in the data."""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.beside.adjustment import Adjustment, crossed
from fairness.beside.sets import CaseSet, pairs_in, sets_of
from fairness.beside.shown import Shown
from fairness.beside.stratify import ADJUSTED, Pair, Strata, pair_of, strata_of, together
from fairness.beside.tables import Adjusted
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.differences import Side, contrast_of, differences
from fairness.statistics.estimates import number
from fairness.statistics.intervals import Limits
from fairness.statistics.settings import Settings
from fairness.statistics.stratified import Standard
from fairness.tasks.measured import Measured

METHOD = "mover of wilson over strata"


def adjusted(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    report: GroupReport,
    adjustment: Adjustment,
    settings: Settings,
) -> list[Adjusted]:
    """Every pair of groups in every adjusted number.

    Args:
        measured: the cases of a binary classifier.
        scores: of them.
        groupings: judged, of the same cases.
        report: of them, with the differences in the data.
        adjustment: the factors.
        settings: of the report.
    """
    shown, patients = (
        Shown.of(measured, groupings, settings),
        units_of(np.array(measured.cases.patients)),
    )
    raw = {(c.attribute, c.metric, c.group_a, c.group_b): c for c in report.contrasts}
    named = {grouping.attribute.name: grouping for grouping in groupings}
    found: list[Adjusted] = []
    for sets in sets_of(groupings, shown.sizes, settings)[1:]:
        visible = [one for one in sets if not one.hidden]
        factors = adjustment.within(named[sets[0].attribute]) if sets else ()
        if len(visible) < 2 or not factors:
            continue
        stratum, names = crossed(factors, len(scores.positive))
        for metric in ADJUSTED:
            strata = strata_of(scores, metric, visible, patients, stratum, names)
            found += of_metric(metric, visible, strata, patients, shown, raw, settings)
    return found


def of_metric(
    metric: str,
    sets: Sequence[CaseSet],
    strata: Strata,
    patients: IntArray,
    shown: Shown,
    raw: Mapping[tuple[str, str, str, str], Contrast],
    settings: Settings,
) -> list[Adjusted]:
    """All pairs of the sets in one number."""
    places = list(zip(*pairs_in(sets), strict=True))
    every = {(int(a), int(b)): pair_of(strata, int(a), int(b)) for a, b in places}
    pairs = {place: pair for place, pair in every.items() if pair is not None}
    columns: dict[str, FloatArray] = {}
    if pairs:
        tested = np.array([sets[a].tested and sets[b].tested for a, b in pairs])
        first, second = (
            side([p.first for p in pairs.values()]),
            side([p.second for p in pairs.values()]),
        )
        correlation = together(pairs, sets, patients)
        columns = differences(first, second, correlation, tested, settings)
    found, k = [], 0
    for (a, b), pair in every.items():
        names = (sets[a].attribute, metric, sets[a].group, sets[b].group)
        before = raw.get(names)
        if pair is None:
            contrast = Contrast(*names, None, None, None, None, reason="no stratum has both groups")
        else:
            contrast = contrast_of(names, columns, k, METHOD)
            k += 1
        told = shown.contrast(contrast)
        if told is not None:
            exact = not shown.sharing[names[0]].rounded
            found.append(line_of(told, before, pair if exact else None, pair, sets, settings))
    return found


def line_of(
    told: Contrast,
    raw: Contrast | None,
    tests: Pair | None,
    pair: Pair | None,
    sets: Sequence[CaseSet],
    settings: Settings,
) -> Adjusted:
    """One pair as it is shown; the tests over strata only where counts are not withheld."""
    odds = tests.odds if tests else None
    odds_low, odds_high = odds.limits(settings.quantile) if odds else (np.nan, np.nan)
    empty = pair.empty if pair else ()
    numbers = {
        "heterogeneity_p": tests.heterogeneity.p if tests else np.nan,
        "odds_ratio": odds.ratio if odds else np.nan,
        "odds_low": odds_low,
        "odds_high": odds_high,
        "odds_p": odds.p if odds else np.nan,
        "odds_heterogeneity_p": odds.heterogeneity_p if odds else np.nan,
    }
    return Adjusted(
        told.attribute,
        told.metric,
        told.group_a,
        told.group_b,
        *((raw.value, raw.low, raw.high, raw.p) if raw else (None,) * 4),
        told.value,
        told.low,
        told.high,
        told.p,
        told.low_adjusted,
        told.high_adjusted,
        told.p_adjusted,
        strata=int(np.count_nonzero(pair.weights)) if pair else 0,
        covered=round(pair.covered, 3) if pair else 0.0,
        empty=tuple(f"{sets[c].group}: {stratum}" for c, stratum in empty),
        **{name: number(value) for name, value in numbers.items()},
        reason=told.reason,
    )


def side(standards: Sequence[Standard]) -> Side:
    """One side of K pairs."""

    def limits(q: FloatArray | float) -> Limits:
        at = np.broadcast_to(np.asarray(q, dtype=np.float64), len(standards))
        found = [one.limits(float(level)) for one, level in zip(standards, at, strict=True)]
        low, high = np.array(found).reshape(-1, 2).T
        return low, high

    return Side(np.array([one.value for one in standards]), limits)
