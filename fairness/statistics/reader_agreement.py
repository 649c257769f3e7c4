"""How far readers agree on a label of two values: the share of agreeing pairs, kappa or alpha.

Cohen's kappa of two readers (Educational and Psychological Measurement 1960), on the cases that
both read; Fleiss' kappa of more who read every case (Psychological Bulletin 1971); else
Krippendorff's alpha (Content Analysis, 2019, chapter 12), nominal. All are 1 minus the disagreement
over the one that chance would give, and functions of sums over cases, which the bootstrap of
patients weighs anew.
"""

from typing import Literal, TypeAlias

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import resample, resampled_variance
from fairness.statistics.clusters import effective_patients
from fairness.statistics.intervals import share_trials, wilson

Coefficient: TypeAlias = Literal["cohen_kappa", "fleiss_kappa", "krippendorff_alpha"]
Numbers: TypeAlias = tuple[float, float, float]
"""Value and limits; NaN where undefined."""


def coefficient_of(labels: IntArray) -> Coefficient:
    """The coefficient that labels (R, n) of R readers have, -1 where not read."""
    if len(labels) == 2:
        return "cohen_kappa"
    return "fleiss_kappa" if (labels >= 0).all() else "krippendorff_alpha"


def read_by_several(labels: IntArray) -> BoolArray:
    """(n,) cases that two readers or more have read."""
    return np.asarray((labels >= 0).sum(axis=0) >= 2)


def sums_of(labels: IntArray) -> FloatArray:
    """What each case of labels (R, n) adds to the sums (7, n); 0 where fewer than two read it.

    One; the share of agreeing pairs of its readers; readings; positive ones; readings times the
    share of pairs that disagree; whether the first reader, and the second, says positive.
    """
    readings, positive = (labels >= 0).sum(axis=0), (labels == 1).sum(axis=0)
    negative, pairs = readings - positive, np.maximum(readings * (readings - 1), 1)
    agreeing = (positive * (positive - 1) + negative * (negative - 1)) / pairs
    columns = [
        np.ones(labels.shape[1]), agreeing, readings, positive, readings * (1 - agreeing),
        labels[0] == 1, labels[1] == 1,
    ]  # fmt: skip
    return np.asarray(np.stack(columns).astype(np.float64) * read_by_several(labels))


def agreement_of(sums: FloatArray, coefficient: Coefficient) -> tuple[FloatArray, ...]:
    """Share of agreeing pairs, coefficient, and disagreement by chance, of sums (7, ...).

    NaN where nothing was read twice; the coefficient is NaN where all readings are the same.
    """
    cases, agreeing, readings, positive, disagreeing, first, second = sums
    agreement = _over(agreeing, cases)
    observed, share = 1 - agreement, _over(positive, readings)
    by_chance = 2 * share * (1 - share)
    if coefficient == "cohen_kappa":
        one, other = _over(first, cases), _over(second, cases)
        by_chance = one * (1 - other) + other * (1 - one)
    elif coefficient == "krippendorff_alpha":
        observed = _over(disagreeing, readings)
        by_chance = _over(2 * positive * (readings - positive), readings * (readings - 1))
    return agreement, 1 - _over(observed, by_chance), by_chance


def _over(top: FloatArray, bottom: FloatArray) -> FloatArray:
    top, bottom = np.broadcast_arrays(top, bottom)
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))


def agreement(
    labels: IntArray,
    units: IntArray,
    coefficient: Coefficient,
    replicates: int,
    seed: int,
    q: float,
) -> tuple[Numbers, Numbers]:
    """Share of agreeing pairs, and coefficient, each with its limits.

    The variance is that of a bootstrap of patients. Limits are Wilson's, of as many trials as make
    a share as precise; of the coefficient k the share is (1 + k) / 2, which near 1 is as precise as
    a share of 2 e patients for each, e being the disagreement by chance.

    Args:
        labels: (R, n) of R readers, -1 where not read.
        units: (n,) patients.
        coefficient: that is wanted.
        replicates: of the bootstrap.
        seed: of it.
        q: normal quantile of the limits.
    """
    several = read_by_several(labels)
    sums, units = sums_of(labels)[:, several], units[several]
    share, kappa, by_chance = (float(x) for x in agreement_of(sums.sum(axis=1), coefficient))
    if not np.isfinite(share):
        return (np.nan, np.nan, np.nan), (np.nan, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    weights = resample(units, np.zeros_like(units), replicates, rng).astype(np.float64)
    drawn = np.stack(agreement_of(sums @ weights, coefficient)[:2])
    patients = effective_patients(units)
    variance = resampled_variance(drawn.astype(np.float32), np.full(2, patients))
    of_share = _limits(share, float(variance[0]), patients, q)
    if not np.isfinite(kappa):
        return (share, *of_share), (np.nan, np.nan, np.nan)
    worth = max(patients * min(2 * by_chance, 1.0), 1.0)
    low, high = _limits((1 + kappa) / 2, float(variance[1]) / 4, worth, q)
    return (share, *of_share), (kappa, 2 * low - 1, 2 * high - 1)


def _limits(share: float, variance: float, patients: float, q: float) -> tuple[float, float]:
    if not np.isfinite(variance):
        return np.nan, np.nan
    trials = share_trials(*(np.array(x) for x in (share, variance, patients)))
    low, high = wilson(np.array(share), trials, q)
    return float(low), float(high)
