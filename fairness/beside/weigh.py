"""`--weight`: a column of design weights, and what is measured of the cases with them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import FloatArray
from fairness.errors import DataError, UsageError
from fairness.outcomes import Cases
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import effective_patients, units_of
from fairness.statistics.weighted import WeightedScores, weighted
from fairness.tasks.measured import Measured


def weights_in(cases: Cases, name: str) -> FloatArray:
    """(n,) the weights of the cases.

    Raises:
        UsageError: there is no such column of numbers.
        DataError: a weight is absent, 0, negative or infinite; names the first sample.
    """
    if name not in cases.covariates:
        known = ", ".join(cases.covariates) or "none"
        raise UsageError(f"--weight: no column '{name}' of numbers (there are: {known})")
    weights = cases.covariates[name]
    good = np.isfinite(weights) & (weights > 0)
    if not good.all():
        row = int(good.argmin())
        raise DataError(
            f"--weight {name}: sample {cases.ids[row]} has weight {weights[row]:g}; every sample "
            "needs one above 0"
        )
    return weights


def weighed(measured: Sequence[Measured], weights: FloatArray) -> list[Measured]:
    """The cases of a binary classifier with weights (n,), as they are where all are the same.

    Calibration curves are not offered with weights; the numbers of calibration are.
    """
    found = []
    for one in measured:
        scores = one.measures
        if isinstance(scores, BinaryScores):
            of_cases = weights if one.rows is None else weights[one.rows]
            scores = weighted(scores, of_cases)
            if isinstance(scores, WeightedScores):
                one = replace(one, measures=scores, probabilities=None)
        found.append(one)
    return found


def said_of(cases: Cases, name: str, least: int) -> dict[str, object]:
    """What a provenance says of the weights: their column, and, of `least` people, their worth."""
    weights = weights_in(cases, name)
    patients = units_of(np.array(cases.patients))
    effective = effective_patients(patients, weights)
    told = round(effective, 1) if patients.max(initial=-1) + 1 >= least else None
    return {"column": name, "effective_patients": told}
