"""How the scores of cases are spread, for a shared report: histograms, tails, percentiles.

A mean hides the cases that failed. No bin has few people in it, and no percentile has few beyond
an end of its interval, which would be the score of one of them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.curves import shown_sets
from fairness.disclosure.rounding import coarse
from fairness.disclosure.sizes import Sizes
from fairness.groups import Grouping
from fairness.outcomes import Bin, Distribution, Percentile, Tail
from fairness.statistics.case_scores import CaseScore
from fairness.statistics.clusters import mean_variances
from fairness.statistics.intervals import share_trials, wilson
from fairness.statistics.settings import Settings

EDGES = np.round(np.arange(21) / 20, 2)
"""Of bins, before those with few people are joined to their neighbours."""
LIMITS = (0.5, 0.7, 0.8, 0.9)
"""Below which shares of cases are counted."""
PERCENTS = (5.0, 10.0, 25.0, 50.0)
"""From the worst on."""
DIGITS = 3
"""Of a percentile: more would be the score of one case."""


def distributions(
    scores: Sequence[CaseScore], groupings: Sequence[Grouping], sizes: Sizes, settings: Settings
) -> tuple[Distribution, ...]:
    """Of each score overall, and of every group of a primary grouping that may be shown.

    Of a group whose counts are withheld there are shares of two decimals and no counts.

    Args:
        scores: of all n cases, in [0, 1], larger is better.
        groupings: of the cases.
        sizes: what decides which groups and bins are too small.
        settings: confidence of the intervals.
    """
    found = []
    for attribute, group, inside, withheld in shown_sets(groupings, sizes) if scores else ():
        for score in scores:
            rows = np.flatnonzero(inside & np.isfinite(score.values))
            own = sizes.take(rows)
            if not rows.size or own.few(own.everybody):
                continue
            values, q = score.values[rows], settings.quantile
            one = Distribution(
                attribute=attribute,
                group=group,
                metric=score.name,
                n=len(rows),
                bins=bins_of(values, own),
                tails=tuple(tail_of(values, own, limit, q) for limit in LIMITS),
                percentiles=percentiles_of(values, own, q),
            )
            found.append(without_counts(one) if withheld else one)
    return tuple(found)


def bins_of(values: FloatArray, sizes: Sizes) -> tuple[Bin, ...]:
    """Bins between `EDGES`, joined until none has few people; those without any are left out."""
    bin_of = np.clip(np.searchsorted(EDGES, values, side="right") - 1, 0, len(EDGES) - 2)
    ends: list[tuple[int, int]] = []
    start = 0
    for end in range(1, len(EDGES)):
        inside = (bin_of >= start) & (bin_of < end)
        if not inside.any():
            start = end
        elif not sizes.few(inside):
            ends.append((start, end))
            start = end
    if start < len(EDGES) - 1:  # the rest are few: they join the last bin
        start = ends.pop()[0] if ends else start
        ends.append((start, len(EDGES) - 1))
    found = []
    for first, last in ends:
        n = int(((bin_of >= first) & (bin_of < last)).sum())
        found.append(Bin(float(EDGES[first]), float(EDGES[last]), n / len(values), n))
    return tuple(found)


def tail_of(values: FloatArray, sizes: Sizes, limit: float, q: float) -> Tail:
    """The share of cases below a limit; its interval is that of the same share in the tables."""
    share, low, high = share_below((values < limit).astype(np.float64), sizes, q)
    return Tail(limit, share, low, high)


def percentiles_of(
    values: FloatArray, sizes: Sizes, q: float, percents: Sequence[float] = PERCENTS
) -> tuple[Percentile, ...]:
    """The percentiles whose interval has enough people beyond both of its ends.

    The limits are the scores at the limits of the share (Woodruff, JASA 1952).
    """
    found = []
    for percent in percents:
        value = float(np.quantile(values, percent / 100))
        _, *shares = share_below((values <= value).astype(np.float64), sizes, q, percent / 100)
        low, high = (float(end) for end in np.quantile(values, shares))
        beyond = (sizes.people(values <= low), sizes.people(values >= high))
        if min(beyond) >= max(1, sizes.least):
            numbers = (round(number, DIGITS) for number in (value, low, high))
            found.append(Percentile(percent, *numbers))
    return tuple(found)


def share_below(
    hits: FloatArray, sizes: Sizes, q: float, share: float | None = None
) -> tuple[float, float, float]:
    """Wilson's interval of a share of cases, as wide as their patients make it.

    Args:
        hits: (n,) 0 or 1.
        sizes: with the patients of these cases.
        q: quantile of the interval.
        share: of which the interval is made; without it that of the hits.
    """
    units: IntArray = np.asarray(sizes.patients)
    value = np.array([hits.mean() if share is None else share])
    people = np.array([float(sizes.people(sizes.everybody))])
    trials = np.array([float(len(hits))])
    if not sizes.single and len(hits) > 1:
        trials = share_trials(value, mean_variances(hits[None], units), people)
    low, high = wilson(value, trials, q)
    return float(value[0]), float(low[0]), float(high[0])


def without_counts(one: Distribution) -> Distribution:
    """The same with rounded shares and no counts."""
    return replace(
        one,
        n=None,
        bins=tuple(replace(part, share=round(part.share, 2), n=None) for part in one.bins),
        tails=tuple(coarse(tail, 2, 0.0) for tail in one.tails),
        percentiles=tuple(coarse(part, 2, 0.0) for part in one.percentiles),
    )
