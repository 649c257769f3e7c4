"""A binary classifier's metrics of cases with design weights: what a survey drew unequally often.

A case of weight 2 counts as two cases of the same patient. Shares, the Brier score and the AUC are
those of the weighted cases; their variances are linearised, by patient, and sizes are Kish's
effective ones, so that unequal weights widen every interval. Average precision and calibration
are those of the weighted cases, too, by the bootstrap of patients, each drawn with its weights.

A variance by patient rests on the few heavy ones, and is too small where these happen to agree. So
Student's degrees of freedom are Satterthwaite's (Biometrics 1946; Bell and McCaffrey, Survey
Methodology 2002), and each variance is held to that of Kish's patients (`two_variances`). Both
corrections are none where all weights are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.averages import average_precision_influence
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.calibration import weighted_mass_bins
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import variance_of
from fairness.statistics.intervals import mixed
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
        precision = average_precision_influence(y, s, w)[0]
        found[AUC + 1 :] = precision, found[AUC + 2], slope.value, intercept.value, error
        return found

    def calibration(self, rows: IntArray) -> tuple[Fit, Fit, IntArray, FloatArray]:
        """As of unweighted cases; bins hold as much weight each."""
        y, s, w = self.positive[rows], self.score[rows], self.weights[rows]
        bin_of = weighted_mass_bins(s, self.bins, w)
        return fit_slope(y, s, w), fit_intercept(y, s, w), bin_of, w

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) linearised variances by patient; (M,) effective patients in denominators.

        The Brier score counts as at most so many patients of equal weight, as shares do.
        """
        w, numbers = self.weights[rows], self._case_values(rows)
        found = np.full(len(METRICS), np.nan)
        for m, of_metric in enumerate(numbers):
            known = np.isfinite(of_metric)
            if known.any():
                variances = mean_variances(of_metric[known], w[known], units[known])
                found[m] = max(variances) if m == BRIER else variances[0]
        y, s = self.positive[rows], self.score[rows]
        found[AUC] = variance_of(weighted_influence(y, s, w)[1], y, units)
        inside = self.among(rows)
        sizes = [effective_patients(units[chosen], w[chosen]) for chosen in inside]
        return found, np.array(sizes)

    def corrections(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) degrees of freedom plus one; (M,) factors of resampled variances, at least 1.

        The factor is that of mixing with the larger of `two_variances`, as if that were worth
        `PSEUDO_CASES` patients, and of resampling so few patients as tell a variance.
        """
        w, y = self.weights[rows], self.positive[rows]
        of_all, kish = max(2.0, free_patients(units, w)), max(2.0, effective_patients(units, w))
        free = np.full(len(METRICS), of_all)
        free[AUC + 1] = max(2.0, min(free_patients(units[y == k], w[y == k]) for k in (0, 1)))
        wider = np.full(len(METRICS), (1 - 1 / kish) / (1 - 1 / of_all))
        for name, influence in self._influences(rows).items():
            m = NAMES.index(name)
            seen, alike = two_variances(influence, w, units)
            if seen > 0 and alike > seen:
                wider[m] *= mixed(np.array(1.0), np.array(alike / seen), free[m])
        return free, wider

    def _influences(self, rows: IntArray) -> dict[str, FloatArray]:
        """By how much (m,) a case of weight 1 moves each number that is resampled."""
        y, s, w = self.positive[rows], self.score[rows], self.weights[rows]
        (g0, g1, *curves), (residual, spread) = (f.influence for f in self.calibration(rows)[:2])
        h00, h01, h11 = (w @ curve for curve in curves)
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = (h00 * g1 - h01 * g0) / (h00 * h11 - h01**2)
            return {
                "average_precision": average_precision_influence(y, s, w)[1],
                "calibration_slope": slope,
                "calibration_intercept": residual / (w @ spread),
            }

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """As of unweighted cases; a patient who is drawn twice counts twice with all weights."""
        function = super().replicator(rows, names)
        own = self.weights[rows].astype(np.float32)[:, None]
        return lambda drawn: function(drawn * own)


NAMES = [metric.name for metric in METRICS]
AUC, BRIER = NAMES.index("auc"), NAMES.index("brier_score")


def weights_of(measures: Measures) -> FloatArray | None:
    """(n,) of the cases; None where they all count alike."""
    return measures.weights if isinstance(measures, WeightedScores) else None


def corrections(
    measures: Measures, rows: IntArray, units: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(M,) and (M,) those of `WeightedScores`; NaN and 1 where all cases count alike."""
    if isinstance(measures, WeightedScores):
        return measures.corrections(rows, units)
    return np.full(len(measures.metrics), np.nan), np.ones(len(measures.metrics))


def weighted(scores: BinaryScores, weights: FloatArray) -> BinaryScores:
    """The scores with weights (n,); as they are where all weights are the same."""
    if len(np.unique(weights)) < 2:
        return scores
    own = {name: getattr(scores, name) for name in ("positive", "score", "threshold", "bins")}
    scaled = weights * len(weights) / weights.sum()
    return WeightedScores(**own, decided=scores.decided, weights=scaled)


def mean_variances(values: FloatArray, weights: FloatArray, units: IntArray) -> tuple[float, float]:
    """`two_variances` of a weighted mean of cases (m,)."""
    total = weights.sum()
    return two_variances((values - weights @ values / total) / total, weights, units)


def two_variances(
    influence: FloatArray, weights: FloatArray, units: IntArray
) -> tuple[float, float]:
    """Variances of a number that a case of weight 1 moves by so much (m,); NaN below two patients.

    The first is linearised by patient. The second is that of as many patients of equal weight as
    Kish says, drawn from the weighted ones: right where weights tell nothing of who moves it.
    """
    _, unit = np.unique(units, return_inverse=True)
    moved, size = (np.bincount(unit, column) for column in (weights * influence, weights))
    people = len(size)
    if people < 2:
        return np.nan, np.nan
    scale = people / (people - 1)
    alike = (moved**2 / size).sum() * (size @ size) / size.sum()
    return float(moved @ moved * scale), float(alike * scale)


def free_patients(units: IntArray, weights: FloatArray) -> float:
    """Patients of equal weight whose variance is known as well: Kish's, of squared weights.

    Satterthwaite's degrees of freedom of a weighted sum of squares, each by one patient; never
    more than Kish's patients, and as many where all weights are the same.
    """
    squares = np.bincount(units, weights).astype(np.float64) ** 2
    return effective_patients(np.arange(len(squares)), squares)


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


def wins(scores: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    """(m,) weight of the `others` (k,) below each of `scores`, ties counting one half."""
    order = np.argsort(others, kind="stable")
    ordered, total = others[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    sides = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    below, upto = (total[place] for place in sides)
    return np.asarray((below + upto) / 2)
