"""The micro average: all known pairs of an image and a label as the cases of one classifier."""

from dataclasses import dataclass, replace

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.metrics import classification as c
from fairness.metrics.classification import SHARES
from fairness.statistics.averages import average_precision_term, pooled_variance
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.clusters import mean_variances, patients_among, units_of
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.macro import MacroScores
from fairness.statistics.measures import Metric

KEPT = (*SHARES, "auc", "average_precision", "brier_score")
"""Metrics of pooled pairs; calibration is a matter of each label."""
IS_KEPT = np.array([metric.name in KEPT for metric in METRICS])
PRECISION = KEPT.index("average_precision")


@dataclass(frozen=True)
class MicroScores(BinaryScores):
    """Pairs of an image and a label as cases; all variances are in closed form, for speed."""

    metrics: tuple[Metric, ...] = tuple(
        replace(m, kind="average", span=(0.0, 1.0)) if m.name == "average_precision" else m
        for m in METRICS
        if m.name in KEPT
    )

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) in the order of `KEPT`."""
        y, s, predicted = self.positive[rows], self.score[rows], self.predicted(rows)
        shares = [share(y, predicted) for share in SHARES.values()]
        return np.array([*shares, c.auc(y, s), c.average_precision(y, s), c.brier_score(y, s)])

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) as of `BinaryScores`; of the average precision its value and what a case adds."""
        found = kept(self._case_values(rows))
        if self.positive[rows].any():
            every = np.ones(len(rows), dtype=bool)
            y, s = self.positive[rows], self.score[rows]
            moved = average_precision_term(y, s, every, np.arange(len(rows))).moved
            found[PRECISION] = c.average_precision(y, s) + len(rows) * moved
        return found

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances by patient, (M,) patients.

        Those of the average precision and of the Brier score are never 0: a few patients with many
        labels each may be scored alike by chance.
        """
        variance = mean_variances(kept(self._case_values(rows)), units)
        patients = patients_among(self.among(rows), units)
        y, s = self.positive[rows], self.score[rows]
        variance[KEPT.index("auc")] = variance_of(influence(y, s)[1], y, units)
        if not len(rows):
            return variance, patients
        every, unit = np.ones(len(rows), dtype=bool), units_of(units)
        term = average_precision_term(y, s, every, unit)
        variance[PRECISION], patients[PRECISION] = term.variance, term.patients
        variance[KEPT.index("brier_score")] = pooled_variance(np.square(s - y), unit)
        return variance, patients

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) whether a pair is in the metric's denominator."""
        return kept(super().among(rows))


def micro_average(labels: MacroScores) -> tuple[MicroScores, IntArray]:
    """The pooled pairs, and the image (row) of each pair, by which patients and groups follow."""
    at = np.nonzero(labels.known)
    every = np.arange(labels.known.shape[1])
    positive = np.stack([part.positive for part in labels.parts])[at]
    score = np.stack([part.score for part in labels.parts])[at]
    decided = np.stack([part.predicted(every) for part in labels.parts])[at]
    bins = labels.parts[0].bins
    return MicroScores(positive, score, np.nan, bins, decided=decided), at[1]


def kept(of_all: Array) -> Array:
    """Rows of the kept metrics, of an array over all metrics of a binary classifier."""
    return np.asarray(of_all[IS_KEPT])
