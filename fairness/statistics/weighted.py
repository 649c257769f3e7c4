"""A binary classifier's metrics of cases with design weights: what a survey drew unequally often.

A case of weight 2 counts as two cases of the same patient. Shares, the Brier score and the AUC are
those of the weighted cases; their variances are linearised, by patient, and sizes are Kish's
effective ones, so that unequal weights widen every interval. Average precision and calibration
are those of the weighted cases, too, by the bootstrap of patients, each drawn with its weights.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.calibration import weighted_mass_bins
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import variance_of
from fairness.statistics.measures import Measures
from fairness.statistics.recalibration import Fit, fit_intercept, fit_slope


@dataclass(frozen=True)
class WeightedScores(BinaryScores):
    """`BinaryScores` of cases with weights; their scale does not matter."""

    weights: FloatArray = field(default_factory=lambda: np.zeros(0))
    """(n,) above 0."""

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) in the order of `METRICS`."""
        w, found = self.weights[rows], np.full(len(METRICS), np.nan)
        numbers = self._case_values(rows)
        known = np.isfinite(numbers)
        total = np.where(known, w, 0.0).sum(1)
        sums = np.where(known, numbers, 0.0) @ w
        np.divide(sums, total, out=found, where=total > 0)
        y, s = self.positive[rows], self.score[rows]
        found[AUC] = weighted_influence(y, s, w)[0]
        slope, intercept, bin_of, _ = self.calibration(rows)
        error = np.abs(np.bincount(bin_of, w * (y - s))).sum() / w.sum() if len(w) else np.nan
        precision = weighted_average_precision(y, s, w)
        found[AUC + 1 :] = precision, found[AUC + 2], slope.value, intercept.value, error
        return found

    def calibration(self, rows: IntArray) -> tuple[Fit, Fit, IntArray, FloatArray]:
        """As of unweighted cases; bins hold as much weight each."""
        y, s, w = self.positive[rows], self.score[rows], self.weights[rows]
        bin_of = weighted_mass_bins(s, self.bins, w)
        return fit_slope(y, s, w), fit_intercept(y, s, w), bin_of, w

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) linearised variances by patient; (M,) effective patients in denominators."""
        w, numbers = self.weights[rows], self._case_values(rows)
        found = np.full(len(METRICS), np.nan)
        for m, of_metric in enumerate(numbers):
            known = np.isfinite(of_metric)
            if known.any():
                found[m] = mean_variance(of_metric[known], w[known], units[known])
        y, s = self.positive[rows], self.score[rows]
        found[AUC] = variance_of(weighted_influence(y, s, w)[1], y, units)
        inside = self.among(rows)
        sizes = [effective_patients(units[chosen], w[chosen]) for chosen in inside]
        return found, np.array(sizes)

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """As of unweighted cases; a patient who is drawn twice counts twice with all weights."""
        function = super().replicator(rows, names)
        own = self.weights[rows].astype(np.float32)[:, None]
        return lambda drawn: function(drawn * own)


AUC = [metric.name for metric in METRICS].index("auc")


def weights_of(measures: Measures) -> FloatArray | None:
    """(n,) of the cases; None where they all count alike."""
    return measures.weights if isinstance(measures, WeightedScores) else None


def weighted(scores: BinaryScores, weights: FloatArray) -> BinaryScores:
    """The scores with weights (n,); as they are where all weights are the same."""
    if len(np.unique(weights)) < 2:
        return scores
    own = {name: getattr(scores, name) for name in ("positive", "score", "threshold", "bins")}
    scaled = weights * len(weights) / weights.sum()
    return WeightedScores(**own, decided=scores.decided, weights=scaled)


def mean_variance(values: FloatArray, weights: FloatArray, units: IntArray) -> float:
    """Linearised variance of a weighted mean of cases (m,); NaN below two patients."""
    _, unit = np.unique(units, return_inverse=True)
    people, total = int(unit.max()) + 1, weights.sum()
    if people < 2:
        return np.nan
    moved = weights * (values - weights @ values / total) / total
    sums = np.bincount(unit, moved)
    return float((sums @ sums) * people / (people - 1))


def weighted_influence(
    y: IntArray, score: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """The weighted AUC and by how much (m,) each case moves it; NaN for one class."""
    moved = np.full(len(y), np.nan)
    rows = [np.flatnonzero(y == k) for k in (0, 1)]
    if not len(rows[0]) or not len(rows[1]):
        return np.nan, moved
    s0, s1, w0, w1 = (column[r] for column in (score, weights) for r in rows)
    won, lost = wins(s1, s0, w0) / w0.sum(), wins(s0, s1, w1) / w1.sum()
    auc = float(w1 @ won / w1.sum())
    moved[rows[1]] = w1 * (won - auc) / w1.sum()
    moved[rows[0]] = w0 * (1 - auc - lost) / w0.sum()
    return auc, moved


def weighted_average_precision(y: IntArray, score: FloatArray, weights: FloatArray) -> float:
    """Sum over thresholds of precision x gain in recall, both weighted; NaN without positives."""
    order = np.argsort(-score, kind="stable")
    ranked, w = -score[order], weights[order]
    hits, called = np.cumsum(w * y[order]), np.cumsum(w)
    upto = np.searchsorted(ranked, ranked, "right") - 1  # the last case of the same score
    gained = w * y[order]
    return float(gained @ (hits[upto] / called[upto]) / gained.sum()) if y.any() else np.nan


def wins(scores: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    """(m,) weight of the `others` (k,) below each of `scores`, ties counting one half."""
    order = np.argsort(others, kind="stable")
    ordered, total = others[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    sides = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    below, upto = (total[place] for place in sides)
    return np.asarray((below + upto) / 2)
