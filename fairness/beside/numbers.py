"""Numbers of groups at a prevalence, with limits at every level, as differences need them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.class_parts import Part, mean_part, share_part, two_classes
from fairness.statistics.intervals import Limits
from fairness.statistics.shifted_calibration import Intercept, intercept_at
from fairness.statistics.standardised import METRICS, AtPrevalence

INTERCEPT = "calibration_intercept"
OF_PROBABILITIES = ("brier_score", "net_benefit")
"""Numbers of decisions and errors that need scores which are probabilities."""


@dataclass(frozen=True)
class Numbers:
    """One number of C sets of cases."""

    value: FloatArray
    """(C,) NaN where undefined."""
    limits: Callable[[IntArray, FloatArray | float], Limits]
    """Of the sets at an index (K,), at normal quantiles."""
    moved: Callable[[int], FloatArray]
    """(m,) by how much each case of a set moves it."""
    method: str


def numbers_of(
    scores: BinaryScores,
    sets: Sequence[CaseSet],
    units: Sequence[IntArray],
    prevalence: FloatArray,
    *,
    are_probabilities: bool,
) -> dict[str, Numbers]:
    """Every number of C sets at their prevalences (C,), by the name of the metric.

    Args:
        scores: of all cases.
        sets: of them.
        units: (m,) patients 0, 1, ... of each.
        prevalence: (C,) share of positives that each set stands for.
        are_probabilities: whether the scores are; if not, only what decisions give.
    """
    parts = [parts_of(scores, one, unit) for one, unit in zip(sets, units, strict=True)]
    at = AtPrevalence(
        two_classes([rates for rates, _ in parts], units),
        two_classes([errors for _, errors in parts], units),
        prevalence,
        scores.threshold,
    )
    several = any(len(np.unique(unit)) < len(unit) for unit in units)
    of_patients = " of patients" if several else ""
    found = {
        metric: Numbers(
            at.value(metric),
            limits_at(at, metric),
            moved_at(at, metric, parts),
            f"mover of {'joint-score' if metric == 'brier_score' else 'wilson'}{of_patients}",
        )
        for metric in METRICS
        if are_probabilities or metric not in OF_PROBABILITIES
    }
    if are_probabilities:
        fitted = [
            intercept_at(scores.positive[one.rows], scores.score[one.rows], unit, float(share))
            for one, unit, share in zip(sets, units, prevalence, strict=True)
        ]
        found[INTERCEPT] = intercepts(fitted, f"mover of joint-score{of_patients}, inverted")
    return found


def parts_of(
    scores: BinaryScores, one: CaseSet, units: IntArray
) -> tuple[tuple[Part, Part], tuple[Part, Part]]:
    """True and false positive rate; mean squared error of the positives, of the negatives."""
    y, decided = scores.positive[one.rows], scores.predicted(one.rows)
    squared = np.clip(scores.score[one.rows] - y, -1.0, 1.0).astype(np.float64) ** 2
    classes = [y == k for k in (1, 0)]
    rates = (share_part(decided, classes[0], units), share_part(decided, classes[1], units))
    errors = (mean_part(squared, classes[0], units), mean_part(squared, classes[1], units))
    return rates, errors


def limits_at(at: AtPrevalence, metric: str) -> Callable[[IntArray, FloatArray | float], Limits]:
    """Limits of a number of rates."""
    return lambda index, q: at.take(index).limits(metric, q)


def moved_at(
    at: AtPrevalence,
    metric: str,
    parts: Sequence[tuple[tuple[Part, Part], tuple[Part, Part]]],
) -> Callable[[int], FloatArray]:
    """By how much the cases of a set move it, linearised."""
    by_positive, by_negative = at.weights(metric)

    def moved(c: int) -> FloatArray:
        of_positive, of_negative = parts[c][1 if metric == "brier_score" else 0]
        moved = by_positive[c] * of_positive.moved + by_negative[c] * of_negative.moved
        return np.asarray(np.nan_to_num(moved))

    return moved


def intercepts(fitted: Sequence[Intercept], method: str) -> Numbers:
    """The calibration intercept of every set."""

    def limits(index: IntArray, q: FloatArray | float) -> Limits:
        at = np.broadcast_to(np.asarray(q, dtype=np.float64), np.shape(index))
        found = [fitted[c].limits(level) for c, level in zip(index, at, strict=True)]
        low, high = np.array(found).reshape(-1, 2).T
        return low, high

    value = np.array([one.value for one in fitted])
    return Numbers(value, limits, lambda c: fitted[c].moved, method)
