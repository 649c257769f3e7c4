"""The numbers of a history run by run: of everybody, of each group, of pairs and largest gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import ndtri

from audit.monitoring.history import History
from audit.monitoring.run import Run
from audit.report.recorded import is_derived
from fairness.arrays import FloatArray
from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.statistics.change_points import Readings, trials_of
from fairness.statistics.intervals import mover_difference

SCORES = ("wilson", "delong-score")
"""Methods whose interval is Wilson's, with so many trials."""


@dataclass(frozen=True)
class Point:
    """A number in one run."""

    value: float
    low: float | None
    high: float | None
    n: int | None
    method: str | None


@dataclass(frozen=True)
class Series:
    """A number over the runs of a history, None where a run has none or hides it."""

    model: str
    label: str
    attribute: str
    group: str
    """`all` of everybody, and of a largest gap."""
    metric: str
    rank: int | None
    """See `run.py`; None of a largest gap."""
    points: tuple[Point | None, ...]
    hidden: tuple[int, ...] = ()
    """Runs that hide the group."""
    against: str | None = None
    """Of a pair the group that is taken from the first."""


def series_of(history: History, runs: Sequence[Run]) -> list[Series]:
    """Every number that people see, of attributes as recorded; without pairs."""
    table: dict[tuple[str, ...], dict[int, Mapping[str, Any]]] = {}
    ranks: dict[tuple[str, ...], int | None] = {}
    lines = history.numbers()
    names = {line["attribute"] for line in lines} - {OVERALL}
    plain = {name for name in names if not is_derived(name, names)} | {OVERALL}
    seen = {(line["label"], line["metric"]) for line in lines if line["rank"] is not None}
    for line in lines:
        label, attribute, group, metric = (
            line[name] for name in ("label", "attribute", "group", "metric")
        )
        of_all = group == ALL and attribute != OVERALL
        of_gap, _, rest = metric.rpartition("_difference")
        is_gap = of_all and rest == "" and (label, of_gap) in seen
        if attribute not in plain or group == UNKNOWN_LABEL:
            continue
        if is_gap or (line["rank"] is not None and not of_all):
            model = runs[line["run"]].model or ""
            key = (model, label, attribute, group, metric)
            table.setdefault(key, {})[line["run"]] = line
            ranks[key] = line["rank"]
    return [
        Series(
            model=key[0],
            label=key[1],
            attribute=key[2],
            group=key[3],
            metric=key[4],
            rank=ranks[key],
            points=tuple(point_of(found.get(k)) for k in range(len(runs))),
            hidden=tuple(k for k, line in found.items() if line["suppressed"] is not None),
        )
        for key, found in table.items()
    ]


def point_of(line: Mapping[str, Any] | None) -> Point | None:
    """The number of a row; None where it is hidden or undefined."""
    if line is None:
        return None
    value, low, high = (
        None if line[name] is None or not np.isfinite(line[name]) else float(line[name])
        for name in ("value", "low", "high")
    )
    return None if value is None else Point(value, low, high, line["n"], line["method"])


def pairs_of(series: Sequence[Series]) -> list[tuple[Series, Series, Series]]:
    """Differences of two groups of an attribute, each with both groups.

    Their intervals are those of two independent numbers, as groups are of different people.
    """
    found = []
    for a, b in combinations(series, 2):
        same = (a.model, a.label, a.attribute, a.metric) == (
            b.model,
            b.label,
            b.attribute,
            b.metric,
        )
        if same and a.rank is not None and ALL not in (a.group, b.group):
            points = tuple(map(difference, a.points, b.points))
            pair = replace(a, against=b.group, points=points, hidden=())
            found.append((pair, a, b))
    return found


def difference(a: Point | None, b: Point | None) -> Point | None:
    """The first minus the second; None where one is."""
    if a is None or b is None:
        return None
    low = high = None
    if None not in (a.low, a.high, b.low, b.high):
        limits = [(np.array(one.low), np.array(one.high)) for one in (a, b)]
        values = [np.array(one.value) for one in (a, b)]
        found = mover_difference(values[0], limits[0], values[1], limits[1], np.array(0.0))
        low, high = map(float, found)
    return Point(a.value - b.value, low, high, None, "mover")


def readings_of(series: Series, runs: Sequence[Run], counted: Sequence[int]) -> Readings:
    """The series in the counted runs, with the precision that its intervals say."""
    points = [series.points[k] for k in counted]
    known = [one for one in points if one is not None and is_limited(one)]
    share = all(one.method in SCORES and 0 <= one.value <= 1 for one in known)
    value, precision = (np.full(len(points), np.nan) for _ in range(2))
    for i, (k, one) in enumerate(zip(counted, points, strict=True)):
        if one is not None and is_limited(one):
            q = float(ndtri(0.5 + (runs[k].confidence or 0.0) / 2))
            value[i], precision[i] = one.value, precision_of(one, q, share=share)
    value[~(np.isfinite(precision) & (precision > 0))] = np.nan
    return Readings(value, precision, share)


def is_limited(point: Point) -> bool:
    """Whether a number has an interval that is longer than nothing."""
    return point.low is not None and point.high is not None and point.low < point.high


def precision_of(point: Point, q: float, *, share: bool) -> FloatArray:
    """Trials of a share, or one over the squared standard error."""
    low, high = np.array(point.low), np.array(point.high)
    if share:
        return trials_of(np.array(point.value), low, high, q)
    return np.asarray((2 * q / (high - low)) ** 2)
