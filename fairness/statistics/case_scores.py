"""Scores that every case has, such as the Dice coefficient of a mask, as `Measures`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.measures import Metric, Summary
from fairness.statistics.ranking import divide

NO_SCORE = "no case with a score"


@dataclass(frozen=True)
class CaseScore:
    """One score of n cases: its mean is reported, and the share of cases in its bad tail."""

    name: str
    values: FloatArray
    """(n,), NaN where a case has none; such cases are left out."""
    tail: float
    """A case beyond this is a failure, e.g. a Dice coefficient below 0.5."""
    larger_is_better: bool = True
    span: tuple[float, float] = (0.0, 1.0)
    """What values are possible."""

    def failed(self) -> BoolArray:
        """(n,) whether a case lies in the bad tail."""
        return self.values < self.tail if self.larger_is_better else self.values > self.tail


@dataclass(frozen=True)
class CaseScores:
    """Any number of scores of the same n cases: M = 2 metrics a score, mean and tail."""

    scores: tuple[CaseScore, ...]
    positive: IntArray | None = None

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """`<name>` and `<name>_tail` of each score."""
        pairs = [
            (
                Metric(score.name, "mean", NO_SCORE, span=score.span),
                Metric(f"{score.name}_tail", "share", NO_SCORE),
            )
            for score in self.scores
        ]
        return tuple(metric for pair in pairs for metric in pair)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Largest difference and worst group of each score; equity-scaled if it is in [0, 1]."""
        found = []
        for score in self.scores:
            name = score.name
            worst: Literal["smallest", "largest"]
            worst = "smallest" if score.larger_is_better else "largest"
            found.append(Summary(f"{name}_difference", "difference", (name,)))
            found.append(Summary(f"{name}_worst", worst, (name,)))
            found.append(Summary(f"{name}_tail_difference", "difference", (f"{name}_tail",)))
            if score.span == (0.0, 1.0):
                found.append(Summary(f"es_{name}", "equity_scaled", (name,)))
        return tuple(found)

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) mean and tail share of each score."""
        columns, inside = self._columns(rows)
        counts = inside.sum(1)
        return np.where(counts > 0, columns.sum(1) / np.maximum(counts, 1), np.nan)

    def variances(self, rows: IntArray) -> FloatArray:
        """(M,) of the means; a tail is a share and needs none."""
        found = np.full(len(self.metrics), np.nan)
        for k, score in enumerate(self.scores):
            values = score.values[rows][np.isfinite(score.values[rows])]
            if len(values) > 1:
                found[2 * k] = values.var(ddof=1) / len(values)
        return found

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) cases that have the score."""
        return self._columns(rows)[1]

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """All metrics, always."""
        columns, inside = (part.astype(np.float32) for part in self._columns(rows))

        def replicate(weights: Weights) -> dict[str, Replicates]:
            values = divide(columns @ weights, inside @ weights)
            return {metric.name: row for metric, row in zip(self.metrics, values, strict=True)}

        return replicate

    def _columns(self, rows: IntArray) -> tuple[FloatArray, BoolArray]:
        """(M, m) what is averaged, 0 where undefined; and where it is defined."""
        columns, inside = [], []
        for score in self.scores:
            values = score.values[rows]
            known = np.isfinite(values)
            columns += [np.where(known, values, 0.0), (score.failed()[rows] & known).astype(float)]
            inside += [known, known]
        return np.stack(columns), np.stack(inside)
