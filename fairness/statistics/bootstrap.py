"""One joint bootstrap, stratified and clustered by patient, as a matrix of weights.

Patients are drawn with replacement inside each stratum (a group), all their cases together; a case
weighs as often as its patient was drawn. Every metric of every group is then a function of the same
weights, so replicates of differences and of their maxima come for free, and no group can be missed
by a draw. Outcomes are not held fixed: in a cohort the prevalence of a group is random, too.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fairness.arrays import FloatArray, IntArray

Weights: TypeAlias = npt.NDArray[np.float32]
Replicates: TypeAlias = npt.NDArray[np.float32]
"""In float32, as they only show how far a number moves."""

PART = 4096
"""Patients drawn together where they are many."""

DEFINED = 0.95
"""Share of the replicates that must be defined before an interval is made of them."""


@dataclass(frozen=True)
class Patients:
    """U patients by stratum, to be drawn from."""

    unit: IntArray
    """(n,) the patient of each case, from 0 on."""
    members: tuple[IntArray, ...]
    """The patients of each stratum."""

    @classmethod
    def of(cls, units: IntArray, strata: IntArray) -> "Patients":
        """Of cases with patients `units` (n,), any integers, and `strata` (n,).

        A patient belongs to the stratum of the first case.
        """
        _, first, unit = np.unique(units, return_index=True, return_inverse=True)
        stratum = strata[first]
        return cls(unit, tuple(np.flatnonzero(stratum == s) for s in np.unique(stratum)))

    def __len__(self) -> int:
        return sum(map(len, self.members))

    def draw(self, replicates: int, rng: np.random.Generator) -> Weights:
        """(U, R) how often each patient is drawn, R being `replicates`."""
        counts = np.zeros((len(self), replicates), dtype=np.float32)
        for members in self.members:
            draws = rng.integers(len(members), size=(replicates, len(members)))
            draws += len(members) * np.arange(replicates)[:, None]
            drawn = np.bincount(draws.ravel(), minlength=draws.size)
            counts[members] = drawn.reshape(draws.shape).T
        return counts

    def draw_parts(self, replicates: int, rng: np.random.Generator) -> Weights:
        """The same distribution, several times as fast for many patients: part by part.

        How often each part of a stratum is drawn is multinomial; inside a part patients are drawn
        as above, and what is counted fits the processor's cache.
        """
        counts = np.zeros((len(self), replicates), dtype=np.float32)
        for members in self.members:
            parts = np.array_split(members, -(-len(members) // PART))
            sizes = np.array([len(part) for part in parts])
            totals = rng.multinomial(len(members), sizes / len(members), size=replicates)
            for part, of_part in zip(parts, totals.T, strict=True):
                draws = rng.integers(len(part), size=of_part.sum(), dtype=np.uint16).astype(int)
                draws += np.repeat(len(part) * np.arange(replicates), of_part)
                drawn = np.bincount(draws, minlength=len(part) * replicates)
                counts[part] = drawn.reshape(replicates, len(part)).T
        return counts


def resample(
    units: IntArray, strata: IntArray, replicates: int, rng: np.random.Generator
) -> Weights:
    """Weights (n, R), R being `replicates`: how often each case's patient was drawn.

    `units` (n,) are patients, any integers; `strata` (n,) the strata of the cases, where a patient
    belongs to that of the first case.
    """
    patients = Patients.of(units, strata)
    return np.take(patients.draw(replicates, rng), patients.unit, axis=0)


def resampled_variance(replicates: Replicates, patients: FloatArray) -> FloatArray:
    """Variance over the last axis of (..., R); NaN where under 95 % of the replicates are defined.

    An undefined replicate, e.g. one that drew a single class, is NaN. `patients` (...,) is the
    number drawn from; resampling m of them loses a factor (m - 1) / m.
    """
    defined = np.isfinite(replicates)
    count = defined.sum(-1)
    known = np.where(defined, replicates, 0.0)
    mean = known.sum(-1, dtype=np.float64) / np.maximum(count, 1)
    squares = np.where(defined, replicates - mean[..., None], 0.0) ** 2
    variance = squares.sum(-1, dtype=np.float64) / np.maximum(count - 1, 1)
    enough = (count >= DEFINED * replicates.shape[-1]) & (patients > 1)
    correction = np.divide(patients, patients - 1, out=np.ones_like(patients), where=enough)
    return np.where(enough, variance * correction, np.nan)
