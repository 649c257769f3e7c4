"""What one recalibration for all, or one for each group, would change, by cross-fitting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, stdtrit

from fairness.arrays import FloatArray, IntArray
from fairness.beside.sets import CaseSet, sets_of
from fairness.beside.shown import Shown
from fairness.beside.tables import Recalibrated
from fairness.disclosure.rounding import coarse
from fairness.groups import Grouping
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.clusters import effective_patients, mean_variances, units_of
from fairness.statistics.cross_fit import FOLDS, LEAST, by_lines, folds_of, lines_of
from fairness.statistics.estimates import number
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured

SERVED, POOLED, OWN = "as served", "one for all", "one a group"
SHOWN = (
    "brier_score",
    "net_benefit",
    "calibration_intercept",
    "calibration_slope",
    "calibration_error",
    "true_positive_rate",
    "false_positive_rate",
)
MEANS = ("brier_score", "net_benefit")
"""Of which a change is a mean over cases, and has an interval."""
LEAST_MOVED = 10
"""People whose number must change for the change to have an interval."""
TOO_FEW = f"as for all: fewer than {LEAST} of a class to fit it on"


@dataclass(frozen=True)
class Ways:
    """Scores (n,) of all cases as served and recalibrated, and groups that could not be."""

    scores: Mapping[str, FloatArray]
    not_fitted: frozenset[str]


def recalibrated(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    settings: Settings,
) -> list[Recalibrated]:
    """Numbers of everybody and of every shown group, in each way; nothing where nothing fits.

    Args:
        measured: the cases of a binary classifier.
        scores: of them, probabilities.
        groupings: judged.
        settings: of the report; its seed deals the patients.
    """
    shown = Shown.of(measured, groupings, settings)
    patients = units_of(np.array(measured.cases.patients))
    folds = folds_of(patients, settings.seed)
    pooled = scores_by_lines(scores, np.arange(len(patients)), folds)
    if pooled is None:
        return []
    found: list[Recalibrated] = []
    for sets in sets_of(groupings, shown.sizes, settings):
        ways = ways_of(scores, pooled, [one for one in sets if not one.hidden], folds)
        for one in sets:
            if not one.hidden:
                lines = lines_of_set(scores, one, ways, units_of(patients[one.rows]), settings)
                rounded = shown.withheld(one)
                found += [coarse(line, 1, 0.0) if rounded else line for line in lines]
    return found


def ways_of(
    scores: BinaryScores, pooled: FloatArray, sets: Sequence[CaseSet], folds: IntArray
) -> Ways:
    """All ways for the groups of one attribute; everybody has no group of its own."""
    own, missing = pooled.copy(), set()
    for one in sets:
        fitted = scores_by_lines(scores, one.rows, folds)
        if fitted is None:
            missing.add(one.group)
        else:
            own[one.rows] = fitted
    return Ways({SERVED: scores.score, POOLED: pooled, OWN: own}, frozenset(missing))


def scores_by_lines(scores: BinaryScores, rows: IntArray, folds: IntArray) -> FloatArray | None:
    """(m,) recalibrated scores of the rows, each by the others; None where nothing fits."""
    of_rows = (scores.score[rows], folds[rows])
    fitted = lines_of(scores.positive[rows], *of_rows)
    lines = [line for line in fitted if line is not None]
    return by_lines(*of_rows, lines) if len(lines) == len(fitted) else None


def lines_of_set(
    scores: BinaryScores, one: CaseSet, ways: Ways, units: IntArray, settings: Settings
) -> list[Recalibrated]:
    """Every number of one set in every way."""
    names = [metric.name for metric in METRICS]
    served = replace(scores, score=ways.scores[SERVED])
    found = []
    for way, score in ways.scores.items():
        now = replace(scores, score=score)
        if way == OWN and one.attribute == "overall":
            continue
        values = dict(zip(names, now.values(one.rows), strict=True))
        values["net_benefit"] = float(gains(now, one.rows).mean())
        reason = TOO_FEW if way == OWN and one.group in ways.not_fitted else None
        for metric in SHOWN:
            change = (np.nan, np.nan, np.nan)
            if way != SERVED and metric in MEANS:
                by_case = case_numbers(now, one.rows, metric) - case_numbers(
                    served, one.rows, metric
                )
                change = mean_change(by_case, units, settings.quantile)
            value = number(values[metric])
            moved, low, high = map(number, change)
            names_of = (one.attribute, one.group, metric, way)
            found.append(Recalibrated(*names_of, value, moved, low, high, reason))
    return found


def case_numbers(scores: BinaryScores, rows: IntArray, metric: str) -> FloatArray:
    """(m,) numbers whose mean is the metric."""
    if metric == "net_benefit":
        return gains(scores, rows)
    return np.asarray((scores.score[rows] - scores.positive[rows]) ** 2)


def gains(scores: BinaryScores, rows: IntArray) -> FloatArray:
    """(m,) what each case adds to the net benefit at the threshold."""
    y, decided, t = scores.positive[rows], scores.predicted(rows), scores.threshold
    return np.asarray(decided * np.where(y == 1, 1.0, -t / (1 - t)))


def mean_change(by_case: FloatArray, units: IntArray, q: float) -> tuple[float, float, float]:
    """Mean of changes (m,) with Student's limits, by patient; NaN where too few people change.

    The fits and what they score are not independent: their variance is that of independent cases
    times 1 + K / (K - 1) for K folds (Nadeau and Bengio, Machine Learning 2003).
    """
    value = float(by_case.mean())
    variance = float(mean_variances(by_case[None], units)[0])
    if not variance > 0 or np.count_nonzero(np.bincount(units, by_case != 0)) < LEAST_MOVED:
        return value, np.nan, np.nan
    half = float(stdtrit(max(effective_patients(units) - 1, 1.0), ndtr(q))) * np.sqrt(
        variance * (1 + FOLDS / (FOLDS - 1))
    )
    return value, value - half, value + half
