"""The table of estimates: one line a number, with its limits or the reason why there are none."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.sampled_grouping import Part
from fairness.statistics.simultaneous import norm_limits


@dataclass(frozen=True)
class Estimate:
    """One number: what `fairness.outcomes.Row` holds, without where it came from."""

    attribute: str
    group: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    n: int
    n_positive: int | None
    reason: str | None


def estimates_of(part: Part, only: int | None = None) -> Iterator[Estimate]:
    """Every metric of every set of cases, or only of one set."""
    sampled, settings = part.sampled, part.sampled.settings
    metrics = sampled.measures.metrics
    limits = [sampled.limits(m, settings.quantile) for m in range(len(metrics))]
    for cell in range(len(part.labels)) if only is None else [only]:
        for m, metric in enumerate(metrics):
            value, (low, high) = float(sampled.values[cell, m]), limits[m]
            numbers = (value, float(low[cell]), float(high[cell]))
            if metric.kind == "norm":
                moved = sampled.replicates[cell, m]
                numbers = (value, *norm_limits(value, moved, settings.confidence))
            reason = None if np.isfinite(value) else metric.undefined
            yield estimate(part, cell, metric.name, numbers, sampled.method(cell, m), reason)


def estimate(
    part: Part,
    cell: int,
    metric: str,
    numbers: tuple[float, float, float],
    method: str,
    reason: str | None,
) -> Estimate:
    """An estimate of one set of cases; limits only where both are known."""
    rows, y = part.sampled.rows[cell], part.sampled.measures.positive
    value, low, high = (number(x) for x in numbers)
    bounded = value is not None and low is not None and high is not None
    if value is not None and not bounded and reason is None:
        reason = "too few cases for an interval"
    return Estimate(
        part.attribute.name,
        part.labels[cell],
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
