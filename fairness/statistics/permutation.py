"""Permutation test of the largest gap between any two groups.

It needs no formula for a maximum and is exact in small groups: where groups do not matter, every
relabelling of the patients is as likely as the one observed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.statistics.bootstrap import Replicates, Weights
from fairness.statistics.measures import Measures
from fairness.statistics.sampled import BLOCK


@dataclass(frozen=True)
class Labelled:
    """One grouping as labels of patients; -1 for those that take no part."""

    labels: Array
    """(U,) int16."""
    rows: IntArray
    """Index of the cases that take part."""
    places: IntArray
    """Index of each such case's patient among the patients that take part."""
    replicate: Callable[[Weights], dict[str, Replicates]]

    def values(self, names: Sequence[str], relabelled: Array) -> FloatArray:
        """(G, K, B) the named metrics of each group, for labels (patients that take part, B)."""
        of_cases = np.take(relabelled, self.places, axis=0)
        groups = np.unique(self.labels[self.labels >= 0])
        found = [self.replicate((of_cases == group).astype(np.float32)) for group in groups]
        return np.array([[values[name] for name in names] for values in found], dtype=np.float64)


def largest_gap_p_values(
    measures: Measures,
    codings: Sequence[IntArray],
    units: IntArray,
    permutations: int,
    rng: np.random.Generator,
) -> list[dict[str, float]]:
    """p-values of the largest gaps of each coding, by name of the summary.

    Patients change groups with all their cases: for metrics given the outcome only with patients of
    the same outcomes, so that a group keeps its positives and negatives; for others with any.

    Args:
        measures: metrics; its summaries of kind `difference` are tested.
        codings: (n,) group of each case, negative where it takes no part; one group a patient.
        units: (n,) patient of each case, 0..U - 1.
        permutations: number of relabellings, the same for all codings.
        rng: source of the relabellings.
    """
    gaps = [summary for summary in measures.summaries if summary.kind == "difference"]
    behind = {name for gap in gaps for name in gap.metrics}
    p_values: list[dict[str, float]] = [{} for _ in codings]
    for given in (True, False):
        names = [m.name for m in measures.metrics if m.name in behind and m.given_outcome == given]
        if not names:
            continue
        strata = _outcomes(measures, units) if given else np.zeros(units.max() + 1, dtype=np.int64)
        values = _permuted_values(measures, names, codings, units, strata, permutations, rng)
        for found, of_coding in zip(p_values, values, strict=True):
            for gap in gaps:
                if set(gap.metrics) <= set(names):
                    found[gap.name] = largest_gap_p(
                        of_coding[:, [names.index(name) for name in gap.metrics]]
                    )
    return p_values


def largest_gap_p(values: FloatArray) -> float:
    """Share of labellings with at least as large a gap as the first, for values (G, K, 1 + B).

    Each gap between two groups is divided by its spread over the labellings, lest the smallest
    group decide alone. NaN where fewer than two groups are compared, or nothing ever differs.
    """
    first, second = np.triu_indices(len(values), k=1)
    gaps = np.abs(values[first] - values[second])  # (pairs, K, 1 + B)
    seen = np.isfinite(gaps).any(-1, keepdims=True)
    scale = np.sqrt(np.nanmean(np.where(seen, gaps, 0.0) ** 2, axis=-1, keepdims=True))
    standardised = np.divide(gaps, scale, out=np.full_like(gaps, np.nan), where=scale > 0)
    largest = np.fmax.reduce(standardised, axis=(0, 1), initial=np.nan)
    if not np.isfinite(largest[0]):
        return float("nan")
    # The replicates are float32: equal gaps may differ in their last digits.
    return float(np.mean(np.nan_to_num(largest) >= largest[0] * (1 - 1e-5)))


def _permuted_values(
    measures: Measures,
    names: Sequence[str],
    codings: Sequence[IntArray],
    units: IntArray,
    strata: IntArray,
    permutations: int,
    rng: np.random.Generator,
) -> list[FloatArray]:
    """For each coding (G, K, 1 + B) the named metrics, first as observed, then permuted."""
    order = np.argsort(strata, kind="stable")  # patients, stratum by stratum
    labelled = [_labelled(measures, names, codes, units, order) for codes in codings]
    values = [[one.values(names, one.labels[one.labels >= 0][:, None])] for one in labelled]
    size = max(1, BLOCK // len(units))
    for start in range(0, permutations, size):
        shuffled = _shuffled(strata[order], min(size, permutations - start), rng)
        for one, blocks in zip(labelled, values, strict=True):
            # Of a shuffle of all patients those that take part are a shuffle of themselves.
            drawn = np.take(one.labels, shuffled)  # (B, U)
            kept = drawn[drawn >= 0].reshape(len(shuffled), -1)
            blocks.append(one.values(names, kept.T))
    return [np.concatenate(blocks, axis=-1) for blocks in values]


def _labelled(
    measures: Measures, names: Sequence[str], codes: IntArray, units: IntArray, order: IntArray
) -> Labelled:
    """Labels of the patients in the given order."""
    rows = np.flatnonzero(codes >= 0)
    labels = np.full(len(order), -1, dtype=np.int16)
    labels[units[rows]] = codes[rows]
    labels = labels[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(labels >= 0) - 1
    return Labelled(labels, rows, place[units[rows]], measures.replicator(rows, frozenset(names)))


def _shuffled(strata: IntArray, count: int, rng: np.random.Generator) -> Array:
    """(count, U) numbers 0..U - 1, shuffled inside each stratum; strata ascend."""
    numbers = np.tile(np.arange(len(strata), dtype=np.int32), (count, 1))
    edges = [0, *(np.flatnonzero(np.diff(strata)) + 1), len(strata)]
    for start, stop in pairwise(edges):
        rng.permuted(numbers[:, start:stop], axis=1, out=numbers[:, start:stop])
    return numbers


def _outcomes(measures: Measures, units: IntArray) -> IntArray:
    """(U,) 1 for patients with negatives only, 2 with positives only, 3 with both."""
    pattern = np.zeros(units.max() + 1, dtype=np.int64)
    if measures.positive is not None:
        np.bitwise_or.at(pattern, units, np.where(measures.positive == 1, 2, 1))
    return pattern
