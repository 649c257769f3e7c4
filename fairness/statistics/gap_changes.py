"""By how much the gap between two groups changed between two runs on the same samples."""

from collections.abc import Sequence

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.outcomes import Contrast
from fairness.statistics.changes import Change, changes_of_cell, contrast_of, inverted
from fairness.statistics.clusters import units_of
from fairness.statistics.contrasts import correlation_of
from fairness.statistics.doubts import size_doubt
from fairness.statistics.intervals import mover_difference
from fairness.statistics.measures import Measures
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings


def gap_change(
    new: Measures,
    old: Measures,
    patients: Sequence[str],
    names: tuple[str, str, str, str],
    rows: tuple[IntArray, IntArray],
    settings: Settings,
    alike: int = 1,
) -> Contrast:
    """The change of the first group minus that of the second, by the intervals of both (MOVER).

    Args:
        new: of the later run.
        old: of the earlier run, on the same samples.
        patients: (n,) of each sample.
        names: attribute, metric, and both groups, which were chosen without looking at `new`.
        rows: of each group.
        settings: confidence and replicates.
        alike: gaps that the adjusted interval holds for, this one included.
    """
    units = units_of(np.array(patients))
    dependent = bool(np.intersect1d(units[rows[0]], units[rows[1]]).size)
    # Groups that share patients are drawn together, so that their changes move together.
    strata = np.zeros_like(units) if dependent else None
    name = names[1]
    m = [metric.name for metric in new.metrics].index(name)
    after, before = (
        sample(one, rows, units, settings, strata, only=(name,), paired=True) for one in (new, old)
    )
    (first,), (second,) = (
        [change for _, change in changes_of_cell(after, before, cell, units, name)]
        for cell in (0, 1)
    )
    correlation = 0.0
    if dependent:
        moved = after.replicates[:, m] - before.replicates[:, m]
        correlation = correlation_of(moved, float(after.patients[:, m].min()))
    doubts = [size_doubt(after, c, m) for c in (0, 1)]
    change = difference(first, second, correlation)
    return contrast_of(names, change, next(filter(None, doubts), None), alike, settings)


def difference(first: Change, second: Change, correlation: float) -> Change:
    """Two changes as one, with its interval and the quantile at which that just holds 0."""

    def limits(q: float) -> tuple[float, float]:
        (low_a, high_a), (low_b, high_b) = (one.limits(q) for one in (first, second))
        low, high = mover_difference(
            one_number(first.value),
            (one_number(low_a), one_number(high_a)),
            one_number(second.value),
            (one_number(low_b), one_number(high_b)),
            one_number(correlation),
        )
        return float(low[0]), float(high[0])

    value = first.value - second.value
    if first.value == second.value == 0 and np.isnan(limits(1.0)[0]):
        return Change(value, limits, 0.0)
    return inverted(value, limits, "mover")


def one_number(value: float) -> FloatArray:
    """(1,) of the value."""
    return np.array([value])
