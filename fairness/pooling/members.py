"""Which parts of which sites make up a group, and the numbers of it before any interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray
from fairness.metrics.classification import NO_CASE, SHARES
from fairness.pooling.pooled_auc import PooledAuc, pooled_auc
from fairness.pooling.summary import Part, SiteSummary
from fairness.pooling.sums import MEANS, Sums, pooled
from fairness.statistics.binary import ONE_CLASS
from fairness.statistics.measures import Metric

METRICS = (
    *(Metric(name, "share", share.undefined or NO_CASE) for name, share in SHARES.items()),
    Metric("auc", "auc", ONE_CLASS),
    *MEANS,
)
"""What sites can be pooled for."""
AUC = [metric.name for metric in METRICS].index("auc")


@dataclass(frozen=True)
class Members:
    """One group over the sites that show it."""

    parts: tuple[Part, ...]
    everybody: tuple[Part, ...]
    """All people of the site of each part."""
    sums: dict[str, Sums]
    auc: PooledAuc
    dependent: bool
    """Whether a patient may have several cases."""

    @classmethod
    def of(cls, found: Sequence[tuple[Part, SiteSummary]]) -> "Members":
        """Parts, each with the file that it is from."""
        parts = tuple(part for part, _ in found)
        everybody = tuple(site.everybody for _, site in found)
        return cls(
            parts,
            everybody,
            pooled([part.sums for part in parts]),
            pooled_auc(parts, everybody),
            any(site.dependent for _, site in found),
        )

    @property
    def outcomes(self) -> tuple[int, int, int, int]:
        """True positives, false positives, false negatives, true negatives."""
        if not self.parts:
            return (0, 0, 0, 0)
        true, false = (self.sums[f"{which}_positive_rate"] for which in ("true", "false"))
        tp, fp = round(true.total), round(false.total)
        return tp, fp, true.cases - tp, false.cases - fp

    @property
    def people(self) -> tuple[int, int]:
        """People, and those of the rarer class."""
        of_class = [sum(part.people_of_class[k] for part in self.parts) for k in (0, 1)]
        return sum(part.people for part in self.parts), min(of_class)

    @property
    def effective_of_class(self) -> tuple[float, float]:
        """Kish's number of patients with negative, and with positive cases."""
        negatives, positives = (self._effective(k) for k in (0, 1))
        return negatives, positives

    def _effective(self, k: int) -> float:
        cases = np.array([part.cases[k] for part in self.parts], dtype=np.float64)
        people = np.array([part.effective_of_class[k] for part in self.parts])
        return float(cases.sum() ** 2 / (cases**2 / people).sum()) if cases.sum() else 0.0

    @property
    def numbers(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(M,) values, variances, cases and effective patients in the denominators."""
        columns = np.full((4, len(METRICS)), np.nan)
        columns[2:] = 0.0
        for m, metric in enumerate(METRICS):
            if (one := self.sums.get(metric.name)) is not None:
                columns[:, m] = one.value, one.variance, one.cases, one.effective_patients
        cases = sum(sum(part.cases) for part in self.parts)
        columns[:, AUC] = self.auc.value, self.auc.variance, cases, sum(self.effective_of_class)
        return columns[0], columns[1], columns[2], columns[3]
