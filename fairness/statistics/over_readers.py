"""Means over readers: patients and readers are both drawn anew, as both are samples.

What is estimated is the number that one reader's labels would give, on average over the readers
and the patients of whom those at hand are samples. A replicate draws patients and, independently,
readers, and takes the mean over the drawn readers: the crossed, or pigeonhole, bootstrap of a table
of readers and patients (Owen, Annals of Applied Statistics 2007). The mean over all draws of the
readers is taken exactly: R readers drawn anew give the variance s^2 / R, where s^2 has R - 1 in its
denominator, as R drawn from R vary too little. That bootstrap counts three times what readers
differ by from case to case; the draws of patients show how much that is, and twice of it is taken
off. What is left is the variance of Obuchowski and Rockette (Communications in Statistics 1995),
but never below that of readers who stay. Two or three readers say little of how readers differ, so
limits take a quantile between the normal one and Student's with R - 1 degrees of freedom, weighted
by what each says of the variance (Cochran, Biometrics 1964). Degrees of freedom by Satterthwaite's
rule, as Hillis (Statistics in Medicine 2007) has them, held in 87 to 92 % of samples with two or
three readers who differ much: where these happen to agree, it trusts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.binary import METRICS as OF_BINARY
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import Replicates, resample, resampled_variance
from fairness.statistics.clusters import effective_patients
from fairness.statistics.contrasts import SHRINK
from fairness.statistics.differences import Side
from fairness.statistics.intervals import Limits, auc_trials, share_trials, towards_half, wilson
from fairness.statistics.replicated import BLOCK
from fairness.statistics.sampled import SURE
from fairness.statistics.settings import Settings

METRICS = ("auc", "true_positive_rate", "false_positive_rate")


@dataclass(frozen=True)
class Read:
    """One number of C sets of cases against the labels of each of R readers."""

    metric: str
    values: FloatArray
    """(R, C); NaN where undefined."""
    replicates: Replicates
    """(R, C, B) under draws of patients."""
    classes: FloatArray
    """(2, C) effective patients with negative, and positive cases: means over the readers."""

    def take(self, sets: BoolArray) -> "Read":
        """Of the sets under a mask (C,)."""
        kept = (self.values[:, sets], self.replicates[:, sets], self.classes[:, sets])
        return Read(self.metric, *kept)

    @property
    def value(self) -> FloatArray:
        """(C,) means over the readers."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def patients(self) -> FloatArray:
        """(C,) effective patients of the denominator; of an AUC of its rarer class."""
        if self.metric == "auc":
            return np.asarray(np.maximum(self.classes.min(axis=0), 1.0))
        return np.asarray(np.maximum(self.classes[int(self.metric == "true_positive_rate")], 1.0))

    def of_patients(self) -> FloatArray:
        """(C,) independent trials that make a share as precise, were readers no sample."""
        moved = self.replicates.mean(axis=0)
        variance = resampled_variance(moved, np.maximum(self.classes.sum(axis=0), 2.0))
        if self.metric == "auc":
            return auc_trials(self.value, variance, *np.maximum(self.classes, 1.0))
        return share_trials(self.value, variance, self.patients)

    def likely(self) -> FloatArray:
        """(C,) the value times its complement, never 0."""
        likely = towards_half(self.value, self.patients)
        return np.asarray(likely * (1 - likely))


@dataclass(frozen=True)
class Parts:
    """Variances (K,) of means over R readers."""

    patients: FloatArray
    """As if the readers were no sample."""
    readers: FloatArray
    """What it adds that they are one."""
    spread: FloatArray
    """Of the mean by how far the readers are apart, patients' chance included: known from R."""
    count: int
    """R."""

    @property
    def total(self) -> FloatArray:
        """Of both."""
        return np.asarray(self.patients + self.readers)

    def wider(self, q: FloatArray | float) -> FloatArray:
        """(K,) quantiles for limits that lie as far out as the normal ones `q` (Cochran 1964)."""
        q = np.minimum(q, SURE)
        of_readers = np.minimum(self.spread / self.total, 1.0)
        return np.asarray((1 - of_readers) * q + of_readers * stdtrit(self.count - 1, ndtr(q)))


def parts_of(replicates: Replicates, patients: FloatArray) -> Parts:
    """Of replicates (R, K, B) under draws of patients; the patients' part (K,) is known."""
    count = len(replicates)
    drawn = _mean(replicates.var(axis=0, ddof=1, dtype=np.float64))
    centred = replicates - _mean(replicates)[..., None]
    by_case = _mean(centred.var(axis=0, ddof=1, dtype=np.float64))
    readers, spread = (np.maximum(drawn - k * by_case, 0.0) / count for k in (2, 1))
    return Parts(patients, readers, spread, count)


def _mean(values: FloatArray | Replicates) -> FloatArray:
    """Over the defined ones of the last axis; 0 where none is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=-1, dtype=np.float64)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1))


def mean_limits(read: Read, q: float) -> Limits:
    """Limits (C,) of the means, at a normal quantile."""
    parts = parts_of(read.replicates, read.likely() / read.of_patients())
    return wilson(read.value, read.likely() / parts.total, parts.wider(q))


def pair_sides(
    read: Read, first: IntArray, second: IntArray, *, dependent: bool
) -> tuple[Side, Side, FloatArray]:
    """Both sides (K,) of pairs of sets, and their correlation: by readers, and by patients.

    The limits of both sides are as wide as what is known of the difference makes them.

    Args:
        read: the number.
        first: (K,) sets from which the others are subtracted.
        second: (K,).
        dependent: whether patients may be in several sets.
    """
    patients, a, b = read.likely() / read.of_patients(), first, second
    shared = np.zeros(len(a))
    if dependent:
        moved = read.replicates.mean(axis=0, dtype=np.float64)
        size = np.minimum(read.patients[a], read.patients[b])
        together = [_correlation(moved[i], moved[j]) for i, j in zip(a, b, strict=True)]
        shared = np.array(together) * size / (size + SHRINK) * np.sqrt(patients[a] * patients[b])
    each = parts_of(read.replicates, patients)
    of_both = patients[a] + patients[b] - 2 * shared
    apart = parts_of(read.replicates[:, a] - read.replicates[:, b], of_both)
    by_readers = (each.readers[a] + each.readers[b] - apart.readers) / 2
    correlation = (shared + by_readers) / np.sqrt(each.total[a] * each.total[b])
    trials = read.likely() / each.total

    def side(at: IntArray) -> Side:
        value = read.value[at]
        return Side(value, lambda q: wilson(value, trials[at], apart.wider(q)))

    return side(a), side(b), np.clip(correlation, -1.0, 1.0)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 2 or not (one[known].std() > 0 and other[known].std() > 0):
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])


def read_by_all(
    readers: Sequence[BinaryScores],
    has_read: BoolArray,
    cells: Sequence[IntArray],
    units: IntArray,
    strata: IntArray,
    settings: Settings,
) -> dict[str, Read]:
    """Every number of `METRICS` of C sets of cases; all readers share the draws of patients.

    Args:
        readers: the scores of all n cases with the labels of each of R readers.
        has_read: (R, n) which cases these have labelled.
        cells: the sets, an index of cases each.
        units: (n,) patients.
        strata: (n,) inside which patients are drawn.
        settings: replicates and seed.
    """
    used = np.unique(np.concatenate(cells))
    place = np.zeros(len(units), dtype=np.int64)
    place[used] = np.arange(len(used))
    rows = [[cell[read[cell]] for cell in cells] for read in has_read]
    columns = [[metric.name for metric in OF_BINARY].index(name) for name in METRICS]
    values = np.array(
        [
            [one.values(of_cell)[columns] for of_cell in of_reader]
            for one, of_reader in zip(readers, rows, strict=True)
        ]
    )
    shape = (len(METRICS), len(readers), len(cells), settings.replicates)
    drawn = np.full(shape, np.nan, dtype=np.float32)
    functions = [
        [one.replicator(of_cell, frozenset(METRICS)) for of_cell in of_reader]
        for one, of_reader in zip(readers, rows, strict=True)
    ]
    rng, size = np.random.default_rng(settings.seed), max(1, BLOCK // len(used))
    for start in range(0, settings.replicates, size):
        block = slice(start, min(start + size, settings.replicates))
        weights = resample(units[used], strata[used], block.stop - start, rng)
        for r, of_reader in enumerate(functions):
            for c, function in enumerate(of_reader):
                found = function(np.take(weights, place[rows[r][c]], axis=0))
                drawn[:, r, c, block] = [found[name] for name in METRICS]
    classes = np.array(
        [
            [
                [effective_patients(units[of_cell[one.positive[of_cell] == k]]) for of_cell in own]
                for one, own in zip(readers, rows, strict=True)
            ]
            for k in (0, 1)
        ]
    ).mean(axis=1)
    return {name: Read(name, values[:, :, m], drawn[m], classes) for m, name in enumerate(METRICS)}
