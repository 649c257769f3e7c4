"""Differences of two groups at a redrawn threshold, and the largest of an attribute."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.beside.numbers import Numbers
from fairness.beside.sets import CaseSet, pairs_in
from fairness.beside.standardise import correlations
from fairness.statistics.class_parts import Part
from fairness.statistics.differences import Side, differences
from fairness.statistics.intervals import wilson
from fairness.statistics.redrawn import moved_by
from fairness.statistics.settings import Settings
from fairness.statistics.simultaneous import largest_difference


@dataclass(frozen=True)
class Gaps:
    """K pairs of groups, in one number or in several."""

    names: tuple[tuple[str, str, str, str], ...]
    """Attribute, metric, first and second group of each."""
    value: FloatArray
    """(2, K) of the first and of the second group."""
    trials: FloatArray
    """(2, K) that give their intervals at the fixed threshold."""
    correlation: FloatArray
    """(K,) of both."""
    tested: BoolArray
    """(K,) both large enough to infer from."""
    moved: FloatArray
    """(K,) mean squared distance of the difference at redrawn thresholds."""

    def columns(self, settings: Settings) -> dict[str, FloatArray]:
        """Columns (K,) of `differences`; all pairs are one family."""
        (a, b), (n, m) = self.value, self.trials
        first, second = Side(a, lambda q: wilson(a, n, q)), Side(b, lambda q: wilson(b, m, q))
        return differences(first, second, self.correlation, self.tested, settings, self.moved)


def gaps_of(
    sets: Sequence[CaseSet],
    metric: str,
    parts: Sequence[Part],
    replicates: Sequence[FloatArray],
    patients: IntArray,
) -> Gaps:
    """All pairs of sets that may be shown and have the number.

    Args:
        sets: C sets of one attribute.
        metric: one of `RATES`.
        parts: the number of each at the chosen threshold.
        replicates: of each, (R,) at the redrawn thresholds.
        patients: (n,) of all cases.
    """
    value = np.array([part.value for part in parts])
    trials = np.array([part.trials for part in parts])
    tested = np.array([one.tested for one in sets], dtype=bool)
    a, b = pairs_in(sets)
    known = np.isfinite(value[a] - value[b])
    a, b = a[known], b[known]
    pairs = list(zip(a, b, strict=True))
    names = [(sets[i].attribute, metric, sets[i].group, sets[j].group) for i, j in pairs]
    numbers = Numbers(value, lambda _, q: wilson(value, trials, q), lambda c: parts[c].moved, "")
    together = correlations(sets, numbers, patients, (a, b)) if len(a) else np.zeros(0)
    moved = [moved_by(replicates[i] - replicates[j], value[i] - value[j]) for i, j in pairs]
    both = np.stack([a, b])
    at = np.array(moved, dtype=np.float64)
    return Gaps(tuple(names), value[both], trials[both], together, tested[both].all(0), at)


def joined(several: Sequence[Gaps]) -> Gaps:
    """The pairs of several numbers as one family."""
    columns = [np.concatenate(part, axis=-1) for part in zip(*map(arrays_of, several), strict=True)]
    names = tuple(name for one in several for name in one.names)
    return Gaps(names, *columns)


def arrays_of(gaps: Gaps) -> list[Array]:
    """Every column but the names."""
    return [gaps.value, gaps.trials, gaps.correlation, gaps.tested, gaps.moved]


def largest_of(gaps: Gaps, settings: Settings) -> tuple[float, float, float]:
    """Limits and p of the largest difference, either sign; p is NaN where a pair is not tested."""
    columns = gaps.columns(settings)
    low, high = largest_difference(columns["low_adjusted"], columns["high_adjusted"])
    return low, high, float(np.min(columns["p_adjusted"]))
