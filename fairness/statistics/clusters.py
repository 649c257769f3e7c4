"""Patients with several cases: how much they are worth, and how precise a mean of theirs is."""

from collections.abc import Iterable

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.metrics.classification import are_dense


def units_of(patients: Array) -> IntArray:
    """Number 0, 1, ... of each case's patient, (n,), in the order of the sorted patients."""
    if not are_dense(patients):
        return np.unique(patients, return_inverse=True)[1].astype(np.int64)
    there = np.zeros(int(patients.max()) + 1, dtype=bool)
    there[patients] = True
    return (np.cumsum(there, dtype=np.int64) - 1)[patients]


def people(units: IntArray) -> int:
    """Number of different patients among those of some cases, from 0 on."""
    there = np.zeros(int(units.max(initial=-1)) + 1, dtype=bool)
    there[units] = True
    return int(np.count_nonzero(there))


def effective_patients(units: IntArray, weights: FloatArray | None = None) -> float:
    """Number of patients of equal weight with as much information: (sum n_i)^2 / sum n_i^2 (Kish).

    It is the number of patients where each has the same number of cases; with `weights` (n,) of the
    cases, the same sum of them.
    """
    sizes = np.bincount(units, weights).astype(np.float64)  # whole numbers would overflow
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if sizes.size else 0.0


def patients_among(among: BoolArray, units: IntArray) -> FloatArray:
    """(M,) effective number of patients of the cases in each denominator (M, m)."""
    if people(units) == len(units):
        return np.asarray(among.sum(1), dtype=np.float64)
    return np.array([effective_patients(units[chosen]) for chosen in among])


def mean_variances(values: Iterable[FloatArray], units: IntArray) -> FloatArray:
    """Variances (M,) of the means of M numbers over cases, all cases of a patient moving together.

    The linearised variance of a ratio of sums over patients; where every case is a patient of its
    own it is that of a mean.

    Args:
        values: M times (m,), NaN where a case has no such number.
        units: (m,) the patients.

    Returns:
        NaN where fewer than two patients have such a case.
    """
    unit = units_of(units)
    return np.array([_mean_variance(of_cases, unit) for of_cases in values])


def _mean_variance(values: FloatArray, unit: IntArray) -> float:
    known = np.isfinite(values)
    number = people(unit[known])
    if number < 2:
        return np.nan
    mean = np.where(known, values, 0.0).sum() / known.sum()
    moved = np.where(known, values - mean, 0.0) / known.sum()
    sums = np.bincount(unit, moved)
    return float((sums @ sums) * number / (number - 1))
