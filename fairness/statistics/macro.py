"""Metrics of several labels of the same images, averaged over the labels, as `Measures`."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.metrics import classification as c
from fairness.metrics.classification import SHARES
from fairness.statistics import binary
from fairness.statistics.averages import (
    Average,
    Term,
    auc_term,
    average_precision_term,
    averaged,
    mean_term,
    share_term,
)
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.clusters import units_of
from fairness.statistics.measures import Metric, Summary

OF_DECISIONS = (
    "selection_rate",
    "accuracy",
    "true_positive_rate",
    "false_positive_rate",
    "positive_predictive_value",
)
"""Shares that are averaged; the others are their complements, or no work of the model."""
UNDEFINED = {
    "selection_rate": "a label is known of no case",
    "accuracy": "a label is known of no case",
    "true_positive_rate": "a label has no positive case",
    "false_positive_rate": "a label has no negative case",
    "positive_predictive_value": "a label is predicted for no case",
    "auc": "a label has only one class",
    "average_precision": "a label has no positive case",
    "brier_score": "a label is known of no case",
}
UNBOUNDED = ("positive_predictive_value", "average_precision")
"""Few changed cases can change them much, as what they divide by changes, too."""
METRICS = tuple(
    Metric(
        f"macro_{name}",
        "average",
        reason,
        span=(0.0, 1.0),
        reach=math.inf if name in UNBOUNDED else 1.0,
    )
    for name, reason in UNDEFINED.items()
)


def macro_summaries() -> tuple[Summary, ...]:
    """Those of a binary classifier, of the macro averages: `macro_auc_difference`, ..."""
    found = []
    for summary in binary.SUMMARIES:
        name = summary.name
        name = name.replace("es_", "es_macro_") if name.startswith("es_") else f"macro_{name}"
        found.append(Summary(name, summary.kind, tuple(f"macro_{m}" for m in summary.metrics)))
    return tuple(found)


@dataclass(frozen=True)
class MacroScores:
    """L labels of the same n images: the mean over labels of each metric, as M metrics.

    An average is undefined in a set of images where it is for one of the labels: groups would else
    be compared on different labels.
    """

    parts: tuple[BinaryScores, ...]
    """Truth and score of all n images, label by label; any numbers where a label is not known."""
    known: BoolArray
    """(L, n) whether a label is known of an image; it is left out of the label where it is not."""
    metrics: tuple[Metric, ...] = METRICS
    summaries: tuple[Summary, ...] = macro_summaries()
    positive: IntArray | None = None
    score: FloatArray | None = None

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) means over the labels."""
        return np.asarray(np.mean([self._values_of(one, rows) for one in self._labels], axis=0))

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) numbers whose mean is the metric: its value and what each image adds to it."""
        values = self.values(rows)
        moved = np.stack([average.moved for average in self._averages(rows, rows)])
        return np.asarray(values[:, None] + len(rows) * moved)

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances joint over the labels, by patient, never 0; (M,) patients.

        The patients are the harmonic mean over the labels of those in their denominators.
        """
        found = self._averages(rows, units)
        return np.array([a.variance for a in found]), np.array([a.patients for a in found])

    def doubts(self, rows: IntArray) -> dict[str, str]:
        """Averages of decisions, where those on some label are all alike."""
        alike = 0
        for part, known in self._labels:
            predicted = part.predicted(rows[known[rows]])
            alike += bool(predicted.size) and bool(predicted.any() == predicted.all())
        if not alike:
            return {}
        reason = f"every case is decided alike in {alike} of {len(self.parts)} labels"
        return {f"macro_{name}": reason for name in OF_DECISIONS}

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) whether any label of an image is known."""
        return np.tile(self.known[:, rows].any(0), (len(self.metrics), 1))

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function from weights (m, R), the same in every label, to replicates (R,)."""
        plain = frozenset(name.removeprefix("macro_") for name in names)
        functions = [
            (part.replicator(rows[known[rows]], plain), np.flatnonzero(known[rows]))
            for part, known in self._labels
        ]

        def replicate(weights: Weights) -> dict[str, Replicates]:
            found = [function(np.take(weights, at, axis=0)) for function, at in functions]
            return {
                f"macro_{name}": np.mean([of_label[name] for of_label in found], axis=0)
                for name in plain
            }

        return replicate

    @cached_property
    def _labels(self) -> list[tuple[BinaryScores, BoolArray]]:
        return list(zip(self.parts, self.known, strict=True))

    def _values_of(self, label: tuple[BinaryScores, BoolArray], rows: IntArray) -> list[float]:
        part, known = label
        rows = rows[known[rows]]
        y, s, predicted = part.positive[rows], part.score[rows], part.predicted(rows)
        return [
            *(SHARES[name](y, predicted) for name in OF_DECISIONS),
            c.auc(y, s),
            c.average_precision(y, s),
            c.brier_score(y, s),
        ]

    def _averages(self, rows: IntArray, units: IntArray) -> list[Average]:
        """(M,) of the images, which belong to the patients `units` (m,)."""
        if not rows.size:
            return [Average(np.zeros(0), np.nan, 0.0)] * len(self.metrics)
        unit = units_of(units)
        terms = [self._terms_of(label, rows, unit) for label in self._labels]
        return [averaged(of_metric, unit) for of_metric in zip(*terms, strict=True)]

    def _terms_of(
        self, label: tuple[BinaryScores, BoolArray], rows: IntArray, unit: IntArray
    ) -> list[Term]:
        part, known = label[0], label[1][rows]
        y, predicted = part.positive[rows], part.predicted(rows)
        s = np.where(known, part.score[rows], 0.0)
        table = c.outcomes(np.where(known, y, 0), predicted)
        terms = []
        for name in OF_DECISIONS:
            counted, among = (
                np.array(kind, dtype=bool) @ table
                for kind in (SHARES[name].counted, SHARES[name].among)
            )
            terms.append(share_term(counted, among & known, unit))
        return [
            *terms,
            auc_term(y, s, known, unit),
            average_precision_term(y, s, known, unit),
            mean_term(np.where(known, (s - y) ** 2, 0.0), known, unit),
        ]
