"""Values and uncertainty of several sets of cases, resampled by patient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import blake2b

import numpy as np
from scipy.special import ndtr, stdtrit

from fairness.arrays import Array, BoolArray, FloatArray, IntArray
from fairness.statistics import intervals
from fairness.statistics.bootstrap import Replicates, resampled_variance
from fairness.statistics.intervals import Limits
from fairness.statistics.measures import Measures
from fairness.statistics.one_set import OneSet, measured_set, stacked
from fairness.statistics.replicated import Tell, replicates_of, silent
from fairness.statistics.settings import Settings
from fairness.statistics.weighted import weights_of

SCORED = ("share", "auc", "average")
"""Kinds of metrics with Wilson's interval, of as many trials as make a share as precise."""

SURE = 8.0
"""Normal quantile beyond which Student's, and so p, is not followed: it would be infinite."""


@dataclass(frozen=True)
class Sampled:
    """Values, variances and replicates of C sets of cases, M metrics; NaN where undefined."""

    measures: Measures
    settings: Settings
    rows: tuple[IntArray, ...]
    """Index of the cases of each set."""
    values: FloatArray
    """(C, M)."""
    replicates: Replicates
    """(C, M, R); NaN where nothing needs them."""
    variance: FloatArray
    """(C, M) of the values."""
    closed: BoolArray
    """(C, M) whether the variance is in closed form, not from the replicates."""
    trials: FloatArray
    """(C, M) cases in the denominator."""
    patients: FloatArray
    """(C, M) effective number of patients in the denominator."""
    classes: FloatArray
    """(2, C) effective number of patients with negative, and with positive cases."""
    clustered: BoolArray
    """(C,) whether some patient has several of the cases."""
    people: IntArray
    """(2, C) number of patients, and of those of the rarer class where cases have classes."""
    free: FloatArray | None = None
    """(C, M) Student's degrees of freedom plus one, where cases have weights."""
    drawn: dict[bytes, Replicates] = field(default_factory=dict)
    """Draws of largest differences that were made already: `joint.py`."""

    def limits(
        self, cells: IntArray, metrics: IntArray, q: FloatArray | float, *, exact: bool = False
    ) -> Limits:
        """Lower and upper limits of metrics of cells, elementwise, at the normal quantiles `q`.

        NaN where there is no interval: the value is undefined or outside the metric's range, or
        its variance is unknown or 0. With `exact` those of shares and AUCs are Clopper and
        Pearson's, which hold jointly.
        """
        cells, metrics, q = np.broadcast_arrays(cells, metrics, np.asarray(q, dtype=np.float64))
        low, high = np.full(cells.shape, np.nan), np.full(cells.shape, np.nan)
        for kind in set(self._kinds[metrics.ravel()]):
            at = self._kinds[metrics] == kind
            place = (cells[at], metrics[at])
            if kind not in SCORED:
                low[at], high[at] = self._of_variance(str(kind), *place, q[at])
            elif kind == "auc" and self.settings.auc_interval == "logit":
                value, variance = self.values[place], self.variance[place]
                low[at], high[at] = intervals.logit_interval(value, variance, q[at])
            else:
                form = intervals.clopper_pearson if exact else intervals.wilson
                limits = form(self._shares[place], self._trials[place], q[at])
                start, end = self._spans[:, place[1]]
                low[at], high[at] = (start + limit * (end - start) for limit in limits)
        return low, high

    @cached_property
    def _shares(self) -> FloatArray:
        """(C, M) where each value lies between the ends of its span: of a share, the share."""
        found = np.full(self.values.shape, np.nan)
        m = np.isin(self._kinds, SCORED)
        start, end = self._spans[:, m]
        found[:, m] = (self.values[:, m] - start) / (end - start)
        return found

    @cached_property
    def _trials(self) -> FloatArray:
        """(C, M) independent trials in which a share is as precise; NaN of other kinds."""
        found = np.full(self.values.shape, np.nan)
        size, alone = np.maximum(self.patients, 1.0), np.maximum(self.trials, 1.0)
        m = self._kinds == "share"
        weighs = weights_of(self.measures) is not None
        form = intervals.weighted_trials if weighs else intervals.share_trials
        together = form(self._shares[:, m], self.variance[:, m], size[:, m])
        found[:, m] = np.where(self.clustered[:, None], together, alone[:, m])
        m = self._kinds == "auc"
        classes = np.maximum(self.classes, 1.0)[:, :, None]
        found[:, m] = intervals.auc_trials(self._shares[:, m], self.variance[:, m], *classes)
        m = self._kinds == "average"
        (start, end), value = self._spans[:, m], self._shares[:, m]
        alike = value * (1 - value) * (end - start) ** 2 / self.variance[:, m]
        found[:, m] = np.maximum(alike, size[:, m])
        return found

    @cached_property
    def _spans(self) -> FloatArray:
        """(2, M) least and largest value of each metric."""
        ends = [(0.0, 1.0) if m.kind in ("share", "auc") else m.span for m in self.measures.metrics]
        return np.array(ends).T

    def _of_variance(self, kind: str, cells: IntArray, metrics: IntArray, q: FloatArray) -> Limits:
        value, variance = self.values[cells, metrics], self.variance[cells, metrics]
        size = self.classes[:, cells].min(0) if kind == "bounded" else self.patients[cells, metrics]
        if self.free is not None:
            size = self.free[cells, metrics]
        # Few patients have heavier tails: Student's quantile lies as far out as `q` in the normal.
        q = np.asarray(stdtrit(np.maximum(size - 1, 1), ndtr(np.minimum(q, SURE))))
        if kind == "bounded":
            return intervals.bounded_interval(value, variance, q)
        spans = self._spans[:, metrics]
        possible = (variance > 0) & (value >= spans[0]) & (value <= spans[1])
        half = q * np.sqrt(np.where(possible, variance, np.nan))
        return np.clip(value - half, *spans), np.clip(value + half, *spans)

    @cached_property
    def _kinds(self) -> Array:
        return np.array([metric.kind for metric in self.measures.metrics])

    def method(self, cell: int, metric: int) -> str:
        """Name of the interval's method in the report."""
        of_patients = " of patients" if self.clustered[cell] else ""
        if weights_of(self.measures) is not None:
            of_patients = ", weighted"
        kind = self.measures.metrics[metric].kind
        if not self.closed[cell, metric] or kind in ("bounded", "norm"):
            return f"bootstrap{of_patients}"
        auc = f"delong-{self.settings.auc_interval}"
        closed = {"share": "wilson", "mean": "student", "auc": auc, "average": "joint-score"}
        return closed[kind] + of_patients


@dataclass(frozen=True)
class Memo:
    """What is known of sets of cases already, by the digest of their index."""

    sets: dict[bytes, OneSet] = field(default_factory=dict)
    replicates: dict[bytes, Replicates] = field(default_factory=dict)


def sample(
    measures: Measures,
    cells: Sequence[IntArray],
    units: IntArray,
    settings: Settings,
    strata: IntArray | None = None,
    memo: Memo | None = None,
    only: Collection[str] | None = None,
    *,
    paired: bool = False,
    tell: Tell = silent,
) -> Sampled:
    """Measure every cell (an index of cases), and resample its patients.

    `units` (n,) is the patient of each case. With `strata` (n,) all cells share one draw of the
    patients of each stratum, so that replicates of cells with common patients move together;
    without it a cell's replicates depend on that cell alone, and are kept in `memo` for another
    call with the same measures. With `only`, no other metrics have replicates. `paired` ones of a
    cell are of the same draws whatever the measures. `tell` hears the number of cases that are
    done, up to that of all cells.
    """
    memo = Memo() if memo is None else memo
    keys = [blake2b(rows.tobytes()).digest() for rows in cells]
    for key, rows in zip(keys, cells, strict=True):
        if key not in memo.sets:
            memo.sets[key] = measured_set(measures, rows, units)
        tell(len(rows) / 2)
    found = stacked([memo.sets[key] for key in keys])
    closed = np.isfinite(found.variance)
    asked = np.array([only is None or metric.name in only for metric in measures.metrics])
    draw = partial(replicates_of, measures, units=units, settings=settings, paired=paired)
    if strata is None:
        wanted = ~closed & np.isfinite(found.values) & asked
        for key, rows, needed in zip(keys, cells, wanted, strict=True):
            hears = scaled(tell, len(rows) / 2)
            if key in memo.replicates:
                hears(1.0)
            else:
                memo.replicates[key] = draw(sets=[rows], strata=None, needed=needed, tell=hears)
        replicates = np.concatenate([memo.replicates[key] for key in keys])
    else:
        hears = scaled(tell, sum(map(len, cells)) / 2)
        replicates = draw(sets=cells, strata=strata, needed=asked, tell=hears)
    resampled = found.wider * resampled_variance(replicates, found.patients)
    several = found.people[:, 0] < [len(rows) for rows in cells]
    return Sampled(
        measures=measures,
        settings=settings,
        rows=tuple(cells),
        values=found.values,
        replicates=replicates,
        variance=np.where(closed, found.variance, resampled),
        closed=closed,
        trials=found.trials,
        patients=found.patients,
        classes=found.classes.T,
        clustered=several | (weights_of(measures) is not None),
        people=found.people.T,
        free=None if weights_of(measures) is None else found.free,
    )


def scaled(tell: Tell, cases: float) -> Tell:
    """Tells shares of so many cases."""
    return lambda share: tell(share * cases)
