"""Patients with several cases: how much they are worth, and how precise a mean of theirs is."""

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray


def units_of(patients: Array) -> IntArray:
    """Number 0, 1, ... of each case's patient, (n,), in the order of the sorted patients."""
    return np.unique(patients, return_inverse=True)[1].astype(np.int64)


def effective_patients(units: IntArray, weights: FloatArray | None = None) -> float:
    """Number of patients of equal weight with as much information: (sum n_i)^2 / sum n_i^2 (Kish).

    It is the number of patients where each has the same number of cases; with `weights` (n,) of the
    cases, the same sum of them.
    """
    sizes = np.bincount(units, weights).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if sizes.size else 0.0


def patients_among(among: BoolArray, units: IntArray) -> FloatArray:
    """(M,) effective number of patients of the cases in each denominator (M, m)."""
    return np.array([effective_patients(units[chosen]) for chosen in among])


def mean_variances(values: FloatArray, units: IntArray) -> FloatArray:
    """Variances (M,) of the means of M numbers over cases, all cases of a patient moving together.

    The linearised variance of a ratio of sums over patients; where every case is a patient of its
    own it is that of a mean.

    Args:
        values: (M, m), NaN where a case has no such number.
        units: (m,) the patients.

    Returns:
        NaN where fewer than two patients have such a case.
    """
    _, unit = np.unique(units, return_inverse=True)
    known = np.isfinite(values)
    cases = np.maximum(known.sum(1, keepdims=True), 1)
    means = np.where(known, values, 0.0).sum(1, keepdims=True) / cases
    moved = np.where(known, values - means, 0.0) / cases
    found = np.full(len(values), np.nan)
    for i in range(len(values)):
        people = np.count_nonzero(np.bincount(unit, known[i]))
        if people > 1:
            sums = np.bincount(unit, moved[i])
            found[i] = (sums @ sums) * people / (people - 1)
    return found
