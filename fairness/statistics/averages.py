"""Means over labels or classes: how much each case moves them, and their joint variance, never 0.

A case moves every label that is known of it, and all cases of a patient move together, so the
variance of a mean knows how the labels go together. That of each label is mixed with a model's, as
in `intervals.py`, so that few cases, or values near 1, do not hide it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.intervals import auc_variance, mixed, towards_half

CANCEL = 4.0
"""Weight, in patients, of numbers that move independently beside some that cancel."""


@dataclass(frozen=True)
class Term:
    """One of the numbers of a mean, such as the AUC of one label."""

    moved: FloatArray
    """(m,) by how much each case moves it; 0 where it is not concerned."""
    variance: float
    """Of the number alone; NaN where it is undefined, never 0."""
    patients: float
    """A share of so many patients would not be more precise."""


@dataclass(frozen=True)
class Average:
    """What is known of a mean of L numbers beside its value."""

    moved: FloatArray
    """(m,) by how much each case moves it."""
    variance: float
    patients: float
    """Of a share that would not be more precise: the harmonic mean of those of its numbers."""


def averaged(terms: Sequence[Term], units: IntArray) -> Average:
    """The mean of numbers of the same m cases; `units` (m,) are patients 0, 1, ...

    Its variance is that of the numbers alone, correlated as their sums over patients are. The
    standard deviation of a mean is at most the mean of theirs, hence at most the root of
    v (1 - v) / h, where v is the value and h the harmonic mean of their patients (Cauchy-Schwarz).
    Numbers that go against each other never cancel: in few patients they may do so by chance.
    """
    moved = np.stack([term.moved for term in terms])
    patients = np.array([term.patients for term in terms])
    lowest = patients.min()
    size = len(terms) / (1 / patients).sum() if lowest > 0 else 0.0
    spread = np.sqrt([term.variance for term in terms])
    sums = np.stack([np.bincount(units, row) for row in moved])
    norms = np.sqrt((sums**2).sum(1))
    unit_sums = np.divide(sums, norms[:, None], out=np.zeros_like(sums), where=norms[:, None] > 0)
    together = unit_sums @ unit_sums.T
    np.fill_diagonal(together, 1.0)
    apart = float(spread @ spread) / len(terms) ** 2
    variance = max(
        float(spread @ together @ spread) / len(terms) ** 2, CANCEL / (size + CANCEL) * apart
    )
    return Average(moved.mean(0), variance, float(size))


def share_term(counted: BoolArray, among: BoolArray, units: IntArray) -> Term:
    """Of the share of the cases `among` (m,) that are `counted` (m,), both masks."""
    hits = np.where(among, counted, False)
    return mean_term(hits.astype(np.float64), among, units)


def mean_term(values: FloatArray, among: BoolArray, units: IntArray) -> Term:
    """Of the mean of `values` (m,), in [0, 1], over the cases `among` (m,).

    Where few cases show how they vary, they are taken to vary as shares do.
    """
    n, size = among.sum(), effective_patients(units[among])
    if not n:
        return Term(np.zeros(len(among)), np.nan, 0.0)
    mean = float(values[among].mean())
    moved = np.where(among, values - mean, 0.0) / n
    return Term(moved, _mixed_with_share(mean, moved, among, units, size), size)


def pooled_variance(values: FloatArray, units: IntArray) -> float:
    """Variance of the mean of values (m,) in [0, 1], of patients with many cases each; never 0.

    Mixed with that of a share of as many independent cases as make the mean as precise: between
    the number of patients and that of the cases.
    """
    n, patients = len(values), effective_patients(units)
    moved = (values - values.mean()) / n
    sums = np.bincount(units, moved)
    people = np.count_nonzero(np.bincount(units))
    seen = float(sums @ sums) * people / max(people - 1, 1)
    alone = float(moved @ moved) * n / max(n - 1, 1)
    worth = np.array(np.clip(n * alone / seen, patients, n) if seen > 0 else patients)
    likely = towards_half(np.array(values.mean()), worth)
    return float(mixed(np.array(seen), likely * (1 - likely) / worth, np.array(patients)))


def auc_term(y: IntArray, score: FloatArray, known: BoolArray, units: IntArray) -> Term:
    """Of an AUC of the cases `known` (m,); its variance is that of `auc_score_interval`."""
    rows = np.flatnonzero(known)
    moved = np.zeros(len(known))
    auc, moved[rows] = influence(y[rows], score[rows])
    if np.isnan(auc):
        return Term(np.zeros(len(known)), np.nan, 0.0)
    negatives, positives = (effective_patients(units[known & (y == k)]) for k in (0, 1))
    seen = variance_of(moved[rows], y[rows], units[rows])
    numbers = (np.array(x) for x in (auc, seen, negatives, positives))
    return Term(moved, float(auc_variance(*numbers)), min(negatives, positives))


def average_precision_term(
    y: IntArray, score: FloatArray, known: BoolArray, units: IntArray
) -> Term:
    """Of an average precision of the cases `known` (m,), linearised in the weights of the cases."""
    rows = np.flatnonzero(known)
    moved = np.zeros(len(known))
    if not y[rows].any():
        return Term(moved, np.nan, 0.0)
    value, moved[rows] = average_precision_influence(y[rows], score[rows])
    positive = known & (y == 1)
    size = effective_patients(units[positive])
    return Term(moved, _mixed_with_share(value, moved, positive, units, size), size)


def average_precision_influence(
    y: IntArray, score: FloatArray, weights: FloatArray | None = None
) -> tuple[float, FloatArray]:
    """The average precision and by how much (n,) each case moves it; NaN without a positive.

    With h positives and c cases at the score of positive i or above it is the mean of h_i / c_i.
    One more case that scores at least as much moves it by (y c_i - h_i) / c_i^2. With `weights`
    (n,) of the cases all of these are sums of weights, and the one more case has weight 1.
    """
    order = np.argsort(-score, kind="stable")
    ranked, truth = -score[order], y[order].astype(np.float64)
    w = np.ones(len(y)) if weights is None else weights[order]
    last = np.searchsorted(ranked, ranked, "right") - 1
    upto = np.cumsum(w)[last]  # cases at each score or above
    counted = w * truth
    hits, positives = np.cumsum(counted)[last], counted.sum()
    precision = hits / upto
    value = float(counted @ precision / positives) if positives else np.nan
    # Sums over the positives that score as much as a case or less.
    gained = np.concatenate([np.cumsum((counted / upto)[::-1])[::-1], [0.0]])
    lost = np.concatenate([np.cumsum((counted * precision / upto)[::-1])[::-1], [0.0]])
    first = np.searchsorted(ranked, ranked, "left")
    moved = np.empty(len(y))
    raised = truth * (precision - value + gained[first]) - lost[first]
    moved[order] = raised / positives if positives else np.nan
    return value, moved


def _mixed_with_share(
    value: float, moved: FloatArray, among: BoolArray, units: IntArray, size: float
) -> float:
    sums = np.bincount(units, moved)
    people = len(np.unique(units[among]))
    seen = float(sums @ sums) * people / max(people - 1, 1)
    n = np.array(size)
    likely = towards_half(np.array(value), n)
    return float(mixed(np.array(seen), likely * (1 - likely) / n, n))
