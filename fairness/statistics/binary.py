"""Metrics of a binary classifier as `Measures`, replicated by a few matrix products.

The point values come from `fairness.metrics` and are the definition. The replicates restate them in
float32 for speed; a test compares the two.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.metrics import classification as c
from fairness.metrics.classification import NO_CASE, NO_POSITIVE, SHARES
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.calibration import calibration_error, equal_mass_bins
from fairness.statistics.clusters import mean_variances, patients_among
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.measures import Metric, Summary
from fairness.statistics.ranking import Ranking, divide
from fairness.statistics.recalibration import Fit, fit_intercept, fit_slope, refit

ONE_CLASS = "only one class"
NOT_FITTED = "one class, one score, or classes that the score separates"

MANY = 20_000
"""Cases from which on their ranks among all are counted, in place of sorting their scores."""

COUNTED = np.array([share.counted for share in SHARES.values()], dtype=np.float32)
AMONG = np.array([share.among for share in SHARES.values()], dtype=np.float32)

METRICS = (
    *(Metric(name, "share", share.undefined) for name, share in SHARES.items()),
    Metric("auc", "auc", ONE_CLASS),
    Metric("average_precision", "bounded", NO_POSITIVE),
    Metric("brier_score", "mean", NO_CASE, span=(0.0, 1.0), reach=1.0),
    Metric("calibration_slope", "mean", NOT_FITTED),
    Metric("calibration_intercept", "mean", ONE_CLASS),
    Metric("calibration_error", "norm", NO_CASE),
)
SUMMARIES = (
    Summary("es_auc", "equity_scaled", ("auc",)),
    Summary("auc_difference", "difference", ("auc",)),
    Summary("auc_std", "std", ("auc",)),
    Summary("auc_worst", "smallest", ("auc",)),
    Summary("es_accuracy", "equity_scaled", ("accuracy",)),
    Summary("accuracy_difference", "difference", ("accuracy",)),
    Summary("demographic_parity_difference", "difference", ("selection_rate",)),
    Summary("demographic_parity_ratio", "ratio", ("selection_rate",)),
    Summary("equal_opportunity_difference", "difference", ("true_positive_rate",)),
    Summary("true_positive_rate_worst", "smallest", ("true_positive_rate",)),
    Summary("false_positive_rate_difference", "difference", ("false_positive_rate",)),
    Summary("false_positive_rate_worst", "largest", ("false_positive_rate",)),
    Summary(
        "equalized_odds_difference", "difference", ("true_positive_rate", "false_positive_rate")
    ),
)


@dataclass(frozen=True)
class BinaryScores:
    """Truth and score of n cases; positive is a score >= `threshold`, or what is `decided`."""

    positive: IntArray
    """(n,) of 0/1."""
    score: FloatArray
    """(n,) in [0, 1]."""
    threshold: float
    bins: int = 10
    metrics: tuple[Metric, ...] = METRICS
    summaries: tuple[Summary, ...] = SUMMARIES
    decided: BoolArray | None = None
    """(n,) positive predictions, where they do not follow from one threshold."""

    def predicted(self, rows: IntArray) -> BoolArray:
        """(m,) whether a case is predicted positive."""
        if self.decided is not None:
            return np.asarray(self.decided[rows])
        return np.asarray(self.score[rows] >= self.threshold)

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) in the order of `METRICS`."""
        y, s, counts = self.positive[rows], self.score[rows], self._table(rows).sum(1)
        runs = c.runs(y, self.ranked(rows))
        return np.array(
            [share.of(counts) for share in SHARES.values()]
            + [
                c.auc_of(runs),
                c.average_precision_of(runs),
                c.brier_score(y, s),
                fit_slope(y, s).value,
                fit_intercept(y, s).value,
                calibration_error(y, s, self.bins),
            ]
        )

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) 0 or 1 for shares, squared errors for the Brier score, NaN for the others."""
        return self._case_values(rows)

    def ranked(self, rows: IntArray) -> FloatArray | IntArray:
        """(m,) what an AUC ranks: scores or, of many cases, ranks, which need not be sorted."""
        return self.score[rows] if len(rows) < MANY else self._ranks[rows]

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances of the AUC (DeLong's) and of means of cases, by patient; (M,) patients."""
        found, y = mean_variances(self._each_case_value(rows), units), self.positive[rows]
        found[[metric.name for metric in METRICS].index("auc")] = variance_of(
            influence(y, self.ranked(rows))[1], y, units
        )
        return found, patients_among(self.among(rows), units)

    def doubts(self, rows: IntArray) -> dict[str, str]:
        """Shares of decisions, where every case is decided alike."""
        predicted = self.predicted(rows)
        if not len(rows) or predicted.any() != predicted.all():
            return {}
        if self.decided is not None:
            reason = f"{'every' if predicted.all() else 'no'} case is predicted positive"
        else:
            reason = f"every score {'reaches' if predicted.all() else 'is below'} the threshold"
        return {name: reason for name in SHARES if name != "prevalence"}

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) whether a case is in the metric's denominator."""
        shares = AMONG.astype(bool) @ self._table(rows)
        return np.vstack([shares, np.ones((len(METRICS) - len(SHARES), len(rows)), dtype=bool)])

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function from weights (m, R) to replicates (R,): shares, AUC if named, or all metrics."""
        y, s = self.positive[rows], self.score[rows]
        table, ranking = self._table(rows).astype(np.float32), Ranking.of(y, s)
        if not names <= {*SHARES, "auc"}:
            return self._everything(rows, table, ranking)

        def replicate(weights: Weights) -> dict[str, Replicates]:
            found = _shares(table @ weights)
            if "auc" in names:
                found["auc"] = ranking.replicates(weights, average_precision=False)[0]
            return found

        return replicate

    def calibration(self, rows: IntArray) -> tuple[Fit, Fit, IntArray, FloatArray]:
        """Fitted slope and intercept; the bin and the weight of each case (m,)."""
        y, s = self.positive[rows], self.score[rows]
        bin_of = equal_mass_bins(s, self.bins)
        return fit_slope(y, s), fit_intercept(y, s), bin_of, np.ones(len(rows))

    def _everything(
        self, rows: IntArray, table: Weights, ranking: Ranking
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function for all metrics, with one matrix product for every weighted sum."""
        y, s = self.positive[rows], self.score[rows]
        slope, intercept, bin_of, own = self.calibration(rows)
        excess = np.equal.outer(np.arange(self.bins), bin_of) * (y - s)
        columns = np.concatenate(
            [table, (s - y)[None] ** 2, slope.influence, intercept.influence, excess]
        ).astype(np.float32)
        observed = (excess @ own / max(1.0, own.sum())).astype(np.float32)[:, None]

        def replicate(weights: Weights) -> dict[str, Replicates]:
            sums = columns @ weights
            counts, squared, for_slope, for_intercept, in_bins = np.split(sums, [4, 5, 10, 12])
            n = counts.sum(0)
            auc, average_precision = ranking.replicates(weights, average_precision=True)
            return _shares(counts) | {
                "auc": auc,
                "average_precision": average_precision,
                "brier_score": divide(squared[0], n),
                "calibration_slope": refit(slope, for_slope),
                "calibration_intercept": refit(intercept, for_intercept),
                "calibration_error": np.abs(divide(in_bins, n) - observed).sum(0),
            }

        return replicate

    def _case_values(self, rows: IntArray) -> FloatArray:
        return np.stack(list(self._each_case_value(rows)))

    def _each_case_value(self, rows: IntArray) -> Iterator[FloatArray]:
        """(m,) of each metric, one at a time: of a million cases, all take 150 MB."""
        table = self._table(rows)
        for metric in METRICS:
            if metric.name in SHARES:
                share = SHARES[metric.name]
                counted, among = (np.equal(k, 1) @ table for k in (share.counted, share.among))
                yield np.where(among, counted, np.nan)
            elif metric.name == "brier_score":
                yield np.asarray((self.score[rows] - self.positive[rows]) ** 2, dtype=np.float64)
            else:
                yield np.full(len(rows), np.nan)

    @cached_property
    def _ranks(self) -> IntArray:
        """(n,) of the scores of all cases."""
        return np.unique(self.score, return_inverse=True)[1].astype(np.int64)

    def _table(self, rows: IntArray) -> BoolArray:
        """(4, m) whether a case is a true or false positive, a false or true negative."""
        return c.outcomes(self.positive[rows], self.predicted(rows))


def _shares(counts: Replicates) -> dict[str, Replicates]:
    """Shares (R,) by name, from (4, R) counts of TP, FP, FN, TN."""
    return dict(zip(SHARES, divide(COUNTED @ counts, AMONG @ counts), strict=True))
