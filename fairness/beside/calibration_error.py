"""The calibration error at a prevalence, with the bootstrap of its bins."""

import numpy as np

from fairness.arrays import IntArray
from fairness.beside.sets import CaseSet
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import resample
from fairness.statistics.replicated import BLOCK
from fairness.statistics.settings import Settings
from fairness.statistics.shifted_calibration import error_at
from fairness.statistics.simultaneous import norm_limits


def error_numbers(
    scores: BinaryScores, one: CaseSet, units: IntArray, prevalence: float, settings: Settings
) -> tuple[tuple[float, float, float], str]:
    """Value, low and high of one set, and the name of the method.

    Patients are drawn as in a report; in every replicate both classes weigh what they stand for.
    """
    y, score, bins = scores.positive[one.rows], scores.score[one.rows], scores.bins
    if not 0 < y.sum() < len(y):
        return (np.nan, np.nan, np.nan), "bootstrap"
    excess = error_at(y, score, bins, prevalence)
    value = float(np.abs(excess).sum())
    rng, size = np.random.default_rng([settings.seed, len(y)]), max(1, BLOCK // len(y))
    moved = []
    for start in range(0, settings.replicates, size):
        number = min(size, settings.replicates - start)
        drawn = resample(units, np.zeros_like(units), number, rng)
        moved.append(np.abs(error_at(y, score, bins, prevalence, drawn) - excess).sum(0))
    low, high = norm_limits(value, np.concatenate(moved), settings.confidence)
    of_patients = " of patients" if len(np.unique(units)) < len(units) else ""
    return (value, low, high), f"bootstrap{of_patients}"
