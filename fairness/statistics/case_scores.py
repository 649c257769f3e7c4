"""Scores of each case, such as the Dice coefficient of its mask, as `Measures`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.clusters import mean_variances, patients_among
from fairness.statistics.measures import Metric, Summary
from fairness.statistics.ranking import divide


@dataclass(frozen=True)
class CaseScore:
    """Score of n cases, reported by its mean and by the share of cases in its bad tail."""

    name: str
    values: FloatArray
    """(n,), NaN where a case has none; such cases are left out."""
    kind: Literal["mean", "share"] = "mean"
    """`share`: values are 0 or 1, and their mean a share of cases."""
    tail: float | None = None
    """A case beyond this is a failure, e.g. a Dice coefficient below 0.5; None: no such share."""
    larger_is_better: bool = True
    span: tuple[float, float] = (0.0, 1.0)
    """Range of the values."""
    undefined: str = "no case with a score"
    """Reason in the report where a group has no value."""

    def averaged(self) -> list["CaseScore"]:
        """The score and, where it has a tail, `<name>_tail`: 1 where a case lies in it, else 0."""
        if self.tail is None:
            return [self]
        beyond = self.values < self.tail if self.larger_is_better else self.values > self.tail
        failed = np.where(np.isfinite(self.values), beyond, np.nan)
        return [self, CaseScore(f"{self.name}_tail", failed, "share", undefined=self.undefined)]


@dataclass(frozen=True)
class CaseScores:
    """Scores of the same n cases: M metrics, one for each score and one for each tail."""

    scores: tuple[CaseScore, ...]
    positive: IntArray | None = None
    score: FloatArray | None = None

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """`<name>` of each score, and `<name>_tail` where it has one."""
        return tuple(
            Metric(s.name, s.kind, s.undefined, span=s.span, reach=s.span[1] - s.span[0])
            for s in self._averaged
        )

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Largest difference and worst group; equity-scaled if 1 is the best, 0 the worst."""
        found = []
        for score in self.scores:
            name = score.name
            found.append(Summary(f"{name}_difference", "difference", (name,)))
            worst: Literal["smallest", "largest"] = (
                "smallest" if score.larger_is_better else "largest"
            )
            found.append(Summary(f"{name}_worst", worst, (name,)))
            if score.tail is not None:
                found.append(Summary(f"{name}_tail_difference", "difference", (f"{name}_tail",)))
            if score.larger_is_better and score.span == (0.0, 1.0):
                found.append(Summary(f"es_{name}", "equity_scaled", (name,)))
        return tuple(found)

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) mean of each score, and share of cases in its tail."""
        columns, known = self._columns[:, rows], self.among(rows)
        counts = known.sum(1)
        sums = np.where(known, columns, 0.0).sum(1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def case_values(self, rows: IntArray) -> FloatArray:
        """(M, m) the scores themselves, and 0 or 1 for each tail."""
        return np.asarray(self._columns[:, rows])

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances of the means, by patient; (M,) patients with the score."""
        return mean_variances(self._columns[:, rows], units), patients_among(
            self.among(rows), units
        )

    def doubts(self, rows: IntArray) -> dict[str, str]:
        """None."""
        return {}

    def among(self, rows: IntArray) -> BoolArray:
        """(M, m) whether a case has the score."""
        return np.asarray(np.isfinite(self._columns[:, rows]))

    def replicator(
        self, rows: IntArray, names: frozenset[str]
    ) -> Callable[[Weights], dict[str, Replicates]]:
        """Function from weights (m, R) to replicates (R,) of the named metrics."""
        chosen = [m for m, metric in enumerate(self.metrics) if metric.name in names]
        columns = self._columns[chosen][:, rows]
        known = np.isfinite(columns)
        sums = np.where(known, columns, 0.0).astype(np.float32)
        counts = known.astype(np.float32)

        def replicate(weights: Weights) -> dict[str, Replicates]:
            values = divide(sums @ weights, counts @ weights)
            return {self.metrics[m].name: row for m, row in zip(chosen, values, strict=True)}

        return replicate

    @cached_property
    def _columns(self) -> FloatArray:
        """(M, n) values that are averaged for each metric, NaN where undefined."""
        return np.stack([score.values for score in self._averaged])

    @property
    def _averaged(self) -> list[CaseScore]:
        return [one for score in self.scores for one in score.averaged()]
