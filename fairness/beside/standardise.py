"""Numbers of every group at the prevalence that it stands for, beside those in the data."""

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.beside.calibration_error import error_numbers
from fairness.beside.numbers import Numbers, numbers_of
from fairness.beside.prevalences import Prevalences
from fairness.beside.sets import CaseSet, pairs_in, sets_of, share_patients
from fairness.beside.shown import Shown
from fairness.beside.tables import Standardised
from fairness.groups import Grouping
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.contrasts import SHRINK
from fairness.statistics.differences import Side, contrast_of, differences
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured

NET_BENEFIT = "net_benefit"
UNDEFINED = "only one class, or nobody is decided so"


def standardised(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    report: GroupReport,
    prevalences: Prevalences,
    settings: Settings,
) -> tuple[list[Standardised], list[Contrast]]:
    """Every number of every group that has a prevalence, and of every pair the difference.

    Args:
        measured: the cases of a binary classifier.
        scores: of them.
        groupings: judged, of the same cases.
        report: of them, with the numbers in the data.
        prevalences: what the groups stand for.
        settings: of the report.
    """
    shown, patients = (
        Shown.of(measured, groupings, settings),
        units_of(np.array(measured.cases.patients)),
    )
    raw = {(row.attribute, row.group, row.metric): row for row in report.rows}
    rows: list[Standardised] = []
    contrasts: list[Contrast | None] = []
    for of_one in sets_of(groupings, shown.sizes, settings):
        asked = [(one, prevalences.of(one.attribute, one.group)) for one in of_one]
        sets = [one for one, share in asked if share is not None]
        at = np.array([share for _, share in asked if share is not None])
        if not sets:
            continue
        units = [units_of(patients[one.rows]) for one in sets]
        probable = not measured.meaningless
        numbers = numbers_of(scores, sets, units, at, are_probabilities=probable)
        for metric, of_metric in numbers.items():
            low, high = of_metric.limits(np.arange(len(sets)), settings.quantile)
            for k, one in enumerate(sets):
                before = raw_row(raw, shown, scores, one, metric)
                known = bool(np.isfinite(of_metric.value[k]))
                reason = before.reason if known or before.suppressed else UNDEFINED
                values = (float(of_metric.value[k]), float(low[k]), float(high[k]))
                row = shown.row(one, metric, values, of_metric.method, reason)
                rows.append(beside(row, before, float(at[k])))
            found = pairs_of(sets, metric, of_metric, patients, settings)
            contrasts += [shown.contrast(contrast) for contrast in found]
        if probable:
            for k, one in enumerate(sets):
                values, method = error_numbers(scores, one, units[k], float(at[k]), settings)
                before = raw_row(raw, shown, scores, one, "calibration_error")
                row = shown.row(one, "calibration_error", values, method, before.reason)
                rows.append(beside(row, before, float(at[k])))
    return rows, [contrast for contrast in contrasts if contrast is not None]


def raw_row(
    raw: Mapping[tuple[str, str, str], Row],
    shown: Shown,
    scores: BinaryScores,
    one: CaseSet,
    metric: str,
) -> Row:
    """The number in the data, as it may be shown; a report has no row of a net benefit."""
    if metric != NET_BENEFIT:
        return raw[one.attribute, one.group, metric]
    y, decided, t = scores.positive[one.rows], scores.predicted(one.rows), scores.threshold
    gained = float((decided & (y == 1)).mean() - (decided & (y == 0)).mean() * t / (1 - t))
    reason = raw[one.attribute, one.group, "selection_rate"].reason
    return shown.row(one, metric, (gained, np.nan, np.nan), "", reason)


def beside(row: Row, raw: Row, prevalence: float) -> Standardised:
    """Both numbers of one group in one line."""
    return Standardised(
        row.attribute,
        row.group,
        row.metric,
        prevalence,
        raw.value,
        raw.low,
        raw.high,
        row.value,
        row.low,
        row.high,
        row.method,
        row.n,
        row.n_positive,
        row.reason,
    )


def pairs_of(
    sets: Sequence[CaseSet],
    metric: str,
    numbers: Numbers,
    patients: IntArray,
    settings: Settings,
) -> list[Contrast]:
    """Differences of every two sets that may be shown and have the number."""
    a, b = pairs_in(sets)
    known = np.isfinite(numbers.value[a] - numbers.value[b])
    a, b = a[known], b[known]
    if not len(a):
        return []
    tested = np.array([one.tested for one in sets])
    columns = differences(
        Side(numbers.value[a], lambda q: numbers.limits(a, q)),
        Side(numbers.value[b], lambda q: numbers.limits(b, q)),
        correlations(sets, numbers, patients, (a, b)),
        np.asarray(tested[a] & tested[b]),
        settings,
    )
    named = [
        (sets[i].attribute, metric, sets[i].group, sets[j].group) for i, j in zip(a, b, strict=True)
    ]
    return [contrast_of(names, columns, k, method=numbers.method) for k, names in enumerate(named)]


def correlations(
    sets: Sequence[CaseSet], numbers: Numbers, patients: IntArray, pairs: tuple[IntArray, IntArray]
) -> FloatArray:
    """(K,) of both numbers of each pair; 0 unless patients are in several sets."""
    if not share_patients(sets, patients):
        return np.zeros(len(pairs[0]))
    people = int(patients.max()) + 1
    used = np.unique(np.concatenate(pairs))
    sums = {c: np.bincount(patients[sets[c].rows], numbers.moved(c), people) for c in used}
    found = np.zeros(len(pairs[0]))
    for k, (i, j) in enumerate(zip(*pairs, strict=True)):
        size = np.sqrt((sums[i] @ sums[i]) * (sums[j] @ sums[j]))
        few = min(movers(sums[i]), movers(sums[j]))
        found[k] = sums[i] @ sums[j] / size * few / (few + SHRINK) if size > 0 else 0.0
    return found


def movers(sums: Array) -> float:
    """How many patients move a number."""
    return float(np.count_nonzero(sums))
