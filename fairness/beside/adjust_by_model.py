"""Gaps between groups that are standardised by a logistic model, beside those in the data."""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.beside.model_tables import Modelled
from fairness.beside.model_terms import Terms
from fairness.beside.sets import CaseSet, pairs_in, sets_of
from fairness.beside.shown import Shown
from fairness.beside.stratify import ADJUSTED, AUC, share_masks
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.contrasts import SHRINK
from fairness.statistics.differences import Side, contrast_of, differences
from fairness.statistics.g_computation import Standardised, standardised_rates
from fairness.statistics.intervals import Limits, wilson
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured

METHOD = "mover of wilson, g-computation"
NO_CASE = "a group has no such case"


def modelled(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    report: GroupReport,
    terms: Terms,
    settings: Settings,
) -> list[Modelled]:
    """Every pair of groups in every adjusted rate; one model for each attribute and rate.

    Args:
        measured: the cases of a binary classifier.
        scores: of them.
        groupings: judged, of the same cases.
        report: of them, with the differences in the data.
        terms: beside the group.
        settings: of the report.
    """
    shown = Shown.of(measured, groupings, settings)
    patients = units_of(np.array(measured.cases.patients))
    raw = {(c.attribute, c.metric, c.group_a, c.group_b): c for c in report.contrasts}
    named = {grouping.attribute.name: grouping for grouping in groupings}
    found: list[Modelled] = []
    for sets in sets_of(groupings, shown.sizes, settings)[1:]:
        visible = [one for one in sets if not one.hidden]
        columns = terms.within(named[sets[0].attribute]).columns(len(patients)) if sets else None
        if len(visible) < 2 or columns is None or not columns.shape[1]:
            continue
        for metric in ADJUSTED:
            if metric != AUC:
                rates, units = rates_of(scores, metric, visible, columns, patients)
                found += of_metric(metric, visible, rates, units, shown, raw, settings)
    return found


def rates_of(
    scores: BinaryScores,
    metric: str,
    sets: Sequence[CaseSet],
    columns: FloatArray,
    patients: IntArray,
) -> tuple[Standardised, IntArray]:
    """One rate of every set, and the patients (m,) of the cases that it is fitted to."""
    counted, among = share_masks(scores, metric)
    group = np.full(len(patients), -1)
    for k, one in enumerate(sets):
        group[one.rows] = k
    rows = np.flatnonzero((group >= 0) & among & np.isfinite(columns).all(1))
    units = units_of(patients[rows])
    rates = standardised_rates(counted[rows], group[rows], columns[rows], units, len(sets))
    return rates, units


def of_metric(
    metric: str,
    sets: Sequence[CaseSet],
    rates: Standardised,
    units: IntArray,
    shown: Shown,
    raw: Mapping[tuple[str, str, str, str], Contrast],
    settings: Settings,
) -> list[Modelled]:
    """All pairs of the sets in one rate."""
    places = list(zip(*pairs_in(sets), strict=True))
    known = np.isfinite(rates.value)
    fitted = [(int(a), int(b)) for a, b in places if known[a] and known[b]]
    columns = columns_of(sets, rates, units, fitted, settings) if fitted else {}
    found = []
    for a, b in places:
        names = (sets[a].attribute, metric, sets[a].group, sets[b].group)
        if (int(a), int(b)) in fitted:
            contrast = contrast_of(names, columns, fitted.index((int(a), int(b))), METHOD)
        else:
            why = rates.reason or NO_CASE
            contrast = Contrast(*names, None, None, None, None, reason=why)
        told = shown.contrast(contrast)
        if told is not None:
            exact = not shown.sharing[names[0]].rounded
            found.append(line_of(told, raw.get(names), rates.ridge if exact else None))
    return found


def columns_of(
    sets: Sequence[CaseSet],
    rates: Standardised,
    units: IntArray,
    places: Sequence[tuple[int, int]],
    settings: Settings,
) -> dict[str, FloatArray]:
    """Columns (K,) of the differences at these places."""
    first, second = np.array(places).T
    sums = np.stack([np.bincount(units, moved) for moved in rates.moved])
    size = np.sqrt((sums**2).sum(1))
    people = np.array([len(one.rows) for one in sets], dtype=np.float64)
    few = np.minimum(people[first], people[second])
    both = size[first] * size[second]
    together = np.divide(
        (sums[first] * sums[second]).sum(1), both, out=np.zeros(len(first)), where=both > 0
    )
    tested = np.array([one.tested for one in sets])

    def side(index: IntArray) -> Side:
        value, trials = rates.value[index], rates.trials[index]

        def limits(q: FloatArray | float) -> Limits:
            return wilson(value, trials, q)

        return Side(value, limits)

    shrunk = together * few / (few + SHRINK)
    return differences(side(first), side(second), shrunk, tested[first] & tested[second], settings)


def line_of(told: Contrast, raw: Contrast | None, ridge: float | None) -> Modelled:
    """One pair as it is shown."""
    return Modelled(
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
        ridge,
        told.reason,
    )
