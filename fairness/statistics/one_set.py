"""One set of cases, measured: values, variances in closed form, and sizes; without replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.clusters import effective_patients, people
from fairness.statistics.measures import Measures
from fairness.statistics.weighted import corrections, weights_of


@dataclass(frozen=True)
class OneSet:
    """M metrics of one set of cases; NaN where undefined."""

    values: FloatArray
    """(M,)."""
    variance: FloatArray
    """(M,) in closed form; NaN where there is none."""
    trials: FloatArray
    """(M,) cases in the denominator, or their weights together."""
    patients: FloatArray
    """(M,) effective number of patients in the denominator."""
    classes: FloatArray
    """(2,) effective number of patients with negative, and with positive cases."""
    people: IntArray
    """(2,) number of patients, and of those of the rarer class where cases have classes."""
    free: FloatArray
    """(M,) Student's degrees of freedom plus one, of cases with weights; else NaN."""
    wider: FloatArray
    """(M,) factors of variances of replicates; 1 without weights."""


def measured_set(measures: Measures, rows: IntArray, units: IntArray) -> OneSet:
    """Measure the cases at `rows` (m,); `units` (n,) is the patient of each case."""
    y, weights = measures.positive, weights_of(measures)
    inside = measures.among(rows)
    trials = inside.sum(1).astype(np.float64) if weights is None else inside @ weights[rows]
    classes = [rows if y is None else rows[y[rows] == k] for k in (0, 1)]
    variance, patients = measures.precision(rows, units[rows])
    free, wider = corrections(measures, rows, units[rows])
    return OneSet(
        values=measures.values(rows),
        variance=variance,
        trials=trials,
        patients=patients,
        classes=np.array(
            [effective_patients(units[k], None if weights is None else weights[k]) for k in classes]
        ),
        people=np.array([people(units[rows]), min(people(units[k]) for k in classes)]),
        free=free,
        wider=wider,
    )


def stacked(sets: Sequence[OneSet]) -> OneSet:
    """Several sets as one, whose arrays begin with the set."""
    return OneSet(
        **{name: np.stack([getattr(one, name) for one in sets]) for name in vars(sets[0])}
    )
