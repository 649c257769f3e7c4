"""Values and uncertainty of several sets of cases, resampled together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics import intervals
from fairness.statistics.bootstrap import (
    Replicates,
    effective_patients,
    resample,
    resampled_variance,
)
from fairness.statistics.intervals import Limits
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings

BLOCK = 500_000
"""Weights held at once: they fit the processor's cache, and any number of cases fits in memory."""


@dataclass(frozen=True)
class Sampled:
    """Values, variances and replicates of C sets of cases, M metrics; NaN where undefined."""

    measures: Measures
    settings: Settings
    rows: tuple[IntArray, ...]
    """Index of the cases of each set."""
    values: FloatArray
    """(C, M)."""
    replicates: Replicates
    """(C, M, R)."""
    variance: FloatArray
    """(C, M) of the values."""
    closed: BoolArray
    """(C, M) whether the variance is in closed form: there is one, and no patient repeats."""
    trials: FloatArray
    """(C, M) cases in the denominator."""
    patients: FloatArray
    """(C, M) effective number of patients in the denominator."""
    classes: FloatArray
    """(2, C) effective number of patients with negative, and with positive cases."""
    clustered: BoolArray
    """(C,) whether some patient has several of the cases."""

    def limits(self, metric: int, q: float) -> Limits:
        """(C,) lower and upper limits of one metric at the normal quantile `q`."""
        kind = self.measures.metrics[metric].kind
        value, variance = self.values[:, metric], self.variance[:, metric]
        size = np.maximum(self.patients[:, metric], 1.0)
        if kind == "share":
            dependent = intervals.share_trials(value, variance, size)
            trials = np.where(self.clustered, dependent, np.maximum(self.trials[:, metric], 1.0))
            return intervals.wilson(value, trials, q)
        if kind == "auc" and self.settings.auc_interval == "logit":
            return intervals.logit_interval(value, variance, q)
        if kind == "auc":
            negatives, positives = np.maximum(self.classes, 1.0)
            return intervals.auc_score_interval(value, variance, negatives, positives, q)
        if kind == "bounded":
            return intervals.bounded_interval(value, variance, self.student(metric, q))
        half = self.student(metric, q) * np.sqrt(variance)
        span = self.measures.metrics[metric].span
        return np.clip(value - half, *span), np.clip(value + half, *span)

    def student(self, metric: int, q: float) -> FloatArray:
        """(C,) the quantile of Student's distribution that lies as far out as `q` in the normal.

        Its degrees of freedom are the patients less one; of the rarer class where both matter.
        """
        size = self.patients[:, metric]
        if self.measures.metrics[metric].kind in ("auc", "bounded"):
            size = self.classes.min(0)
        return np.asarray(stdtrit(np.maximum(size - 1, 1), ndtr(q)))

    def method(self, cell: int, metric: int) -> str:
        """Name of the interval's method in the report."""
        if self.clustered[cell]:
            return "bootstrap of patients"
        kind = self.measures.metrics[metric].kind
        if kind == "share":
            return "wilson"
        names = {"auc": f"delong-{self.settings.auc_interval}", "mean": "student"}
        return names[kind] if self.closed[cell, metric] else "bootstrap"


def sample(
    measures: Measures,
    cells: Sequence[IntArray],
    units: IntArray,
    strata: IntArray,
    settings: Settings,
    rng: np.random.Generator,
) -> Sampled:
    """Measure every cell (an index of cases), and resample all of them with the same weights.

    `units` (n,) is the patient of each case, `strata` (n,) its stratum.
    """
    y = measures.positive
    classes = [[rows if y is None else rows[y[rows] == k] for rows in cells] for k in (0, 1)]
    inside = [measures.among(rows) for rows in cells]
    patients = np.array(
        [
            [effective_patients(units[rows[chosen]]) for chosen in of_cell]
            for rows, of_cell in zip(cells, inside, strict=True)
        ]
    )
    clustered = np.array([len(np.unique(units[rows])) < len(rows) for rows in cells])
    replicates = _replicates(measures, cells, units, strata, settings.replicates, rng)
    formula = np.stack([measures.variances(rows) for rows in cells])
    closed = np.isfinite(formula) & ~clustered[:, None]
    return Sampled(
        measures=measures,
        settings=settings,
        rows=tuple(cells),
        values=np.stack([measures.values(rows) for rows in cells]),
        replicates=replicates,
        variance=np.where(closed, formula, resampled_variance(replicates, patients)),
        closed=closed,
        trials=np.stack([chosen.sum(1) for chosen in inside]).astype(np.float64),
        patients=patients,
        classes=np.array([[effective_patients(units[rows]) for rows in k] for k in classes]),
        clustered=clustered,
    )


def _replicates(
    measures: Measures,
    cells: Sequence[IntArray],
    units: IntArray,
    strata: IntArray,
    replicates: int,
    rng: np.random.Generator,
) -> Replicates:
    """(C, M, R), a block of weights at a time; cases outside every cell take no part."""
    used = np.unique(np.concatenate(cells))
    place = np.zeros(len(units), dtype=np.int64)
    place[used] = np.arange(len(used))
    names = [metric.name for metric in measures.metrics]
    functions = [measures.replicator(rows, frozenset(names)) for rows in cells]
    result = np.empty((len(cells), len(names), replicates), dtype=np.float32)
    size = max(1, BLOCK // max(1, len(used)))
    for start in range(0, replicates, size):
        block = slice(start, min(start + size, replicates))
        weights = resample(units[used], strata[used], block.stop - start, rng)
        for cell, (function, rows) in enumerate(zip(functions, cells, strict=True)):
            found = function(np.take(weights, place[rows], axis=0))
            result[cell, :, block] = [found[name] for name in names]
    return result
