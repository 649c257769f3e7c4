"""Metrics of a classifier of several classes, judged by its decisions, as `Measures`.

The scores of each class against the others are `BinaryScores`, their means `MacroScores`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.metrics.classification import NO_CASE, refuse_nan
from fairness.metrics.multiclass import (
    balanced_accuracy,
    quadratic_weighted_kappa,
    squared_distances,
)
from fairness.statistics.averages import Average, averaged, share_term
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.clusters import mean_variances, patients_among, units_of
from fairness.statistics.kappa import kappa_average
from fairness.statistics.macro import MacroScores
from fairness.statistics.measures import Metric, Summary
from fairness.statistics.ranking import divide

ACCURACY = Metric("accuracy", "share", NO_CASE)
BALANCED = Metric("balanced_accuracy", "average", "a class has no case", span=(0.0, 1.0), reach=1.0)
KAPPA = Metric(
    "quadratic_weighted_kappa", "average", "all cases are, and are called, one class", (-1.0, 1.0)
)
SUMMARIES = (
    Summary("es_accuracy", "equity_scaled", ("accuracy",)),
    Summary("accuracy_difference", "difference", ("accuracy",)),
    Summary("balanced_accuracy_difference", "difference", ("balanced_accuracy",)),
    Summary("balanced_accuracy_worst", "smallest", ("balanced_accuracy",)),
)
OF_KAPPA = (
    Summary("quadratic_weighted_kappa_difference", "difference", ("quadratic_weighted_kappa",)),
    Summary("quadratic_weighted_kappa_worst", "smallest", ("quadratic_weighted_kappa",)),
)


@dataclass(frozen=True)
class ClassScores:
    """Truth and scores of n cases of K classes; the class of the highest score is the decision."""

    target: IntArray
    """(n,) of 0..K-1."""
    scores: FloatArray
    """(n, K); of equal scores the first class wins."""
    names: tuple[str, ...]
    """(K,) of the classes."""
    ordered: bool
    """Whether the classes are degrees, as grades of a disease are: then there is a kappa."""
    positive: IntArray | None = None
    score: FloatArray | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy, balanced accuracy, and kappa where classes are ordered."""
        return (ACCURACY, BALANCED, KAPPA) if self.ordered else (ACCURACY, BALANCED)

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Their gaps and worst groups."""
        return SUMMARIES + OF_KAPPA if self.ordered else SUMMARIES

    @cached_property
    def decision(self) -> IntArray:
        """(n,) of 0..K-1.

        Raises:
            DataError: a score is NaN.
        """
        refuse_nan(self.scores.sum(1))
        return np.asarray(self.scores.argmax(1))

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) in the order of `metrics`."""
        y, called, k = self.target[rows], self.decision[rows], len(self.names)
        right = float((y == called).mean()) if len(rows) else np.nan
        found = [right, balanced_accuracy(y, called, k), quadratic_weighted_kappa(y, called, k)]
        return np.array(found[: len(self.metrics)])

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) 0 or 1 for the accuracy; of the others their value and what each case adds."""
        right = (self.target[rows] == self.decision[rows]).astype(np.float64)
        moved = [len(rows) * average.moved for average in self._averages(rows, rows)]
        others = [
            value + of_case for value, of_case in zip(self.values(rows)[1:], moved, strict=True)
        ]
        return np.stack([right, *others])

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances by patient, of all but the accuracy never 0; (M,) patients."""
        right = (self.target[rows] == self.decision[rows]).astype(np.float64)
        found = self._averages(rows, units)
        everyone = patients_among(np.ones((1, len(rows)), dtype=bool), units)
        return (
            np.array([*mean_variances(right[None], units), *(a.variance for a in found)]),
            np.array([*everyone, *(a.patients for a in found)]),
        )

    def doubts(self, rows: IntArray) -> dict[str, str]:
        """All metrics, where every case is called the same; kappa also where all are the same."""
        called, true = np.unique(self.decision[rows]), np.unique(self.target[rows])
        found = {}
        if self.ordered and len(true) == 1:
            found["quadratic_weighted_kappa"] = f"every case is '{self.names[true[0]]}'"
        if len(called) == 1:
            reason = f"every case is predicted to be '{self.names[called[0]]}'"
            found |= {metric.name: reason for metric in self.metrics}
        return found

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) every case."""
        return np.ones((len(self.metrics), len(rows)), dtype=bool)

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function from weights (m, R) to replicates (R,), by weighted tables of all cases."""
        k = len(self.names)
        cell = self.target[rows] * k + self.decision[rows]
        indicator = np.equal.outer(np.arange(k * k), cell).astype(np.float32)
        distance = squared_distances(k).astype(np.float32)

        def replicate(weights: Weights) -> dict[str, Replicates]:
            table = (indicator @ weights).reshape(k, k, -1)
            right, truth, called = table[range(k), range(k)], table.sum(1), table.sum(0)
            n = truth.sum(0)
            observed = np.tensordot(distance, table)
            expected = divide((truth * (distance @ called)).sum(0), n)
            return {
                "accuracy": divide(right.sum(0), n),
                "balanced_accuracy": divide(right, truth).mean(0),
                "quadratic_weighted_kappa": 1 - divide(observed, expected),
            }

        return replicate

    def one_vs_rest(self, bins: int = 10) -> tuple[BinaryScores, ...]:
        """(K,) each class against the others; the decision stays that of all classes."""
        return tuple(
            BinaryScores(
                (self.target == k).astype(np.int64),
                self.scores[:, k],
                np.nan,  # no threshold decides
                bins,
                decided=self.decision == k,
            )
            for k in range(len(self.names))
        )

    def macro(self) -> MacroScores:
        """Means over the classes, each against the others."""
        return MacroScores(self.one_vs_rest(), np.ones(self.scores.T.shape, dtype=bool))

    def _averages(self, rows: IntArray, units: IntArray) -> list[Average]:
        """Of the balanced accuracy and, of ordered classes, the kappa."""
        if not len(rows):
            return [Average(np.zeros(0), np.nan, 0.0)] * (len(self.metrics) - 1)
        y, called, unit = self.target[rows], self.decision[rows], units_of(units)
        recalls = [share_term(y == called, y == k, unit) for k in range(len(self.names))]
        found = [averaged(recalls, unit)]
        if self.ordered:
            found.append(kappa_average(y, called, len(self.names), unit))
        return found
