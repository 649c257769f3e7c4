"""Estimates with their limits, or the reason why there are none."""

from collections.abc import Iterator

import numpy as np

from fairness.arrays import FloatArray
from fairness.outcomes import Estimate
from fairness.statistics.doubts import doubts_of
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.simultaneous import norm_limits


def estimates_of(grouping: SampledGrouping) -> Iterator[Estimate]:
    """Every metric of every group, the unknown and all cases."""
    sampled, settings = grouping.sampled, grouping.sampled.settings
    metrics = sampled.measures.metrics
    cells, columns = np.indices((len(grouping.labels), len(metrics)))
    low, high = sampled.limits(cells, columns, settings.quantile)
    for cell in range(len(grouping.labels)):
        doubts = doubts_of(grouping, cell)
        for m, metric in enumerate(metrics):
            value = float(sampled.values[cell, m])
            numbers = (value, float(low[cell, m]), float(high[cell, m]))
            if metric.kind == "norm":
                moved = sampled.replicates[cell, m]
                numbers = (value, *norm_limits(value, moved, settings.confidence))
            reason = doubts.get(metric.name) if np.isfinite(value) else metric.undefined
            yield estimate(grouping, cell, metric.name, numbers, sampled.method(cell, m), reason)


def estimate(
    grouping: SampledGrouping,
    cell: int,
    metric: str,
    numbers: tuple[float, float, float],
    method: str,
    reason: str | None,
) -> Estimate:
    """An estimate from (value, low, high) of one set of cases; limits only where both are known."""
    rows, y = grouping.sampled.rows[cell], grouping.sampled.measures.positive
    value, low, high = (number(x) for x in numbers)
    bounded = value is not None and low is not None and high is not None
    if value is not None and not bounded:
        reason = "; ".join(filter(None, ("no interval: too few cases, or all alike", reason)))
    return Estimate(
        grouping.name,
        grouping.labels[cell],
        metric,
        value,
        low if bounded else None,
        high if bounded else None,
        method if bounded else None,
        len(rows),
        None if y is None else int(y[rows].sum()),
        reason if rows.size else "no case",
    )


def number(x: float | FloatArray) -> float | None:
    """A plain float; None where undefined."""
    return float(x) if np.isfinite(x) else None
