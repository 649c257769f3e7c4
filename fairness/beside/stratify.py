"""Numbers of groups stratum by stratum, and the difference of two that is made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.beside.sets import CaseSet
from fairness.metrics.classification import SHARES
from fairness.statistics.binary import BinaryScores
from fairness.statistics.clusters import units_of
from fairness.statistics.contrasts import SHRINK
from fairness.statistics.heterogeneity import Heterogeneity, cochran
from fairness.statistics.mantel_haenszel import CommonOdds, common_odds
from fairness.statistics.stratified import (
    InStrata,
    Standard,
    auc_in_strata,
    share_in_strata,
    shared_weights,
    standardised_over,
)

AUC = "auc"
ADJUSTED = (
    AUC,
    "true_positive_rate",
    "false_positive_rate",
    "selection_rate",
    "accuracy",
    "positive_predictive_value",
)

LEAST_TESTED = 5
"""Cases of each group in a stratum that takes part in tests of whether strata are alike: with fewer
they find differences by chance."""
LEAST_RANKED = 10
"""The same of the rarer class, for an AUC."""


@dataclass(frozen=True)
class Strata:
    """One metric of C sets of cases, stratum by stratum."""

    names: tuple[str, ...]
    """(S,)."""
    sizes: FloatArray
    """(S,) cases of the standard: of all sets together, in the metric's denominator; of an AUC
    positives."""
    of_sets: tuple[InStrata, ...]
    units: tuple[IntArray, ...]
    """(m,) patients of each set."""
    counts: FloatArray
    """(C, 2, S) hits and cases; empty of an AUC."""
    independent: bool
    """Whether no patient has two cases, so that the odds ratio has an interval."""


@dataclass(frozen=True)
class Pair:
    """Two sets, standardised alike."""

    first: Standard
    second: Standard
    weights: FloatArray
    """(S,)."""
    covered: float
    """Share of the standard in strata where both are."""
    empty: tuple[tuple[int, str], ...]
    """Place of the set that is not in a stratum of the standard, and that stratum."""
    heterogeneity: Heterogeneity
    odds: CommonOdds | None


def strata_of(
    scores: BinaryScores,
    metric: str,
    sets: Sequence[CaseSet],
    patients: IntArray,
    stratum: IntArray,
    names: tuple[str, ...],
) -> Strata:
    """One metric of the sets.

    Args:
        scores: of all n cases.
        metric: one of `ADJUSTED`.
        sets: of the cases.
        patients: (n,).
        stratum: (n,) -1 where none.
        names: (S,) of the strata.
    """
    size, units = len(names), [units_of(patients[one.rows]) for one in sets]
    every = np.concatenate([one.rows for one in sets])
    inside, sizes = stratum >= 0, np.zeros(size)
    found, counts = [], []
    counted, among = share_masks(scores, metric)
    for one, unit in zip(sets, units, strict=True):
        rows = one.rows
        if metric == AUC:
            args = (scores.positive[rows], scores.score[rows], unit, stratum[rows], size)
            found.append(auc_in_strata(*args))
        else:
            of_rows = (counted[rows], among[rows], unit, stratum[rows], size)
            found.append(share_in_strata(*of_rows))
            kept = rows[among[rows] & inside[rows]]
            both = (kept[counted[kept]], kept)
            counts.append([np.bincount(stratum[k], minlength=size) for k in both])
    kept = np.unique(every[among[every] & inside[every]])
    sizes = np.bincount(stratum[kept], minlength=size).astype(np.float64)
    return Strata(
        names,
        sizes,
        tuple(found),
        tuple(units),
        np.array(counts, dtype=np.float64),
        len(np.unique(patients[every])) == len(np.unique(every)),
    )


def share_masks(scores: BinaryScores, metric: str) -> tuple[BoolArray, BoolArray]:
    """(n,) who is in the numerator and in the denominator; of an AUC the positives in both."""
    everyone = np.arange(len(scores.positive))
    if metric == AUC:
        return scores.positive == 1, scores.positive == 1
    y, decided = scores.positive == 1, scores.predicted(everyone)
    table = np.stack([decided & y, decided & ~y, ~decided & y, ~decided & ~y])
    share = SHARES[metric]
    counted, among = (
        np.array(k, dtype=bool)[:, None] & table for k in (share.counted, share.among)
    )
    return counted.any(0), among.any(0)


def pair_of(strata: Strata, a: int, b: int) -> Pair | None:
    """Two sets, each standardised to all of them; None where they share no stratum."""
    both = (strata.of_sets[a], strata.of_sets[b])
    weights = shared_weights(strata.sizes, both)
    if not weights.any():
        return None
    first, second = (standardised_over(strata.of_sets[c], weights, strata.units[c]) for c in (a, b))
    used = weights > 0
    least = LEAST_TESTED if strata.counts.size else LEAST_RANKED
    many = used & np.all([one.size >= least for one in both], axis=0)
    apart = both[0].value[many] - both[1].value[many]
    variance = both[0].variance[many] + both[1].variance[many]
    missing = [
        (c, strata.names[k])
        for k in np.flatnonzero((strata.sizes > 0) & ~used)
        for c, one in zip((a, b), both, strict=True)
        if not one.defined[k]
    ]
    odds = None
    if strata.counts.size and strata.independent:
        (hits, trials), (others, of_others) = strata.counts[a], strata.counts[b]
        odds = common_odds(hits, trials, others, of_others, LEAST_TESTED)
    covered = float(strata.sizes[used].sum() / strata.sizes.sum())
    return Pair(first, second, weights, covered, tuple(missing), cochran(apart, variance), odds)


def together(
    pairs: Mapping[tuple[int, int], Pair], sets: Sequence[CaseSet], patients: IntArray
) -> FloatArray:
    """(K,) correlation of both sides of each pair; 0 where no patient is in both."""
    people = int(patients.max()) + 1
    found = np.zeros(len(pairs))
    for k, ((a, b), pair) in enumerate(pairs.items()):
        rows = (sets[a].rows, sets[b].rows)
        if not np.isin(patients[rows[0]], patients[rows[1]]).any():
            continue
        moved = (pair.first.moved, pair.second.moved)
        x, y = (np.bincount(patients[r], m, people) for r, m in zip(rows, moved, strict=True))
        size = np.sqrt((x @ x) * (y @ y))
        few = min(np.count_nonzero(x), np.count_nonzero(y))
        found[k] = x @ y / size * few / (few + SHRINK) if size > 0 else 0.0
    return found
