"""Changes of each metric against an earlier run on the same samples."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, OVERALL, Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast
from fairness.statistics.bootstrap import resampled_variance
from fairness.statistics.clusters import units_of
from fairness.statistics.contrasts import FURTHEST
from fairness.statistics.doubts import size_doubt
from fairness.statistics.estimates import number
from fairness.statistics.intervals import mover_difference
from fairness.statistics.measures import Measures, Metric
from fairness.statistics.paired import change_variance, discordant_cases, discordant_pairs
from fairness.statistics.sampled import SURE, Sampled, sample
from fairness.statistics.settings import Settings
from fairness.statistics.simultaneous import sidak
from fairness.statistics.tango import tango
from fairness.statistics.unmoved import METHOD, Unmoved, unmoved_average, unmoved_mean

NOTHING_CHANGED = "no interval: nothing changed, and there is no bound on what others would change"
TOO_FEW = "no interval: too few cases"


@dataclass(frozen=True)
class Change:
    """The change of one metric in one set of cases."""

    value: float
    limits: Callable[[float], tuple[float, float]]
    """Of the change at a quantile of the standard normal distribution; NaN where there are none."""
    crossing: float
    """Smallest quantile at which they hold 0; NaN without limits."""
    method: str = ""
    """Of the limits; empty without any."""


def changes(
    new: Measures,
    old: Measures,
    patients: Sequence[str],
    groupings: Sequence[Grouping],
    settings: Settings,
    alike: int = 1,
) -> list[Contrast]:
    """Differences new minus old of every metric but norms, in every group and overall.

    Both are measured on the same samples. A share of the same cases, and an AUC, have score
    intervals of positive width, even where nothing changed (Tango 1998); a share of other cases in
    each run (predictive values) has the interval of two samples. The others, value +- Student's
    quantile * standard error of the paired differences; where next to no patient moved,
    `unmoved.py` says how far those could who were not seen, unless that has no bound.
    `group_a` of a contrast is the group (`all` for overall), `group_b` is `baseline`. p is the
    interval inverted. Adjusted limits and p hold for all groups of an attribute together (Sidak),
    and for `alike` such families: of other labels, or of other runs.
    `patients` (n,) is the patient of each sample.
    """
    units = units_of(np.array(patients))
    everyone = plain(Attribute(OVERALL, (ALL,)), np.zeros(len(units), dtype=np.int64))
    found = []
    for grouping in (everyone, *groupings):
        cells = [np.flatnonzero(grouping.codes == g) for g in range(len(grouping.attribute.groups))]
        pair = [sample(measures, cells, units, settings, paired=True) for measures in (new, old)]
        together = alike * max(1, sum(len(rows) > 0 for rows in cells))
        for c, group in enumerate(grouping.attribute.groups):
            for metric, change in changes_of_cell(pair[0], pair[1], c, units):
                names = (grouping.attribute.name, metric.name, group, "baseline")
                doubt = size_doubt(pair[0], c, new.metrics.index(metric))
                found.append(contrast_of(names, change, doubt, together, settings))
    return found


def contrast_of(
    names: tuple[str, str, str, str],
    change: Change,
    doubt: str | None,
    together: int,
    settings: Settings,
) -> Contrast:
    """A change with its interval and p, alone and jointly with `together` - 1 others."""
    low, high = (number(x) for x in change.limits(settings.quantile))
    joint = (number(x) for x in change.limits(sidak(settings.confidence, together)))
    p = number(float(2 * ndtr(-change.crossing)))
    value = number(change.value)
    if value is not None and low is None:
        doubt = NOTHING_CHANGED if value == 0 else TOO_FEW
    low_adjusted, high_adjusted = joint
    return Contrast(
        *names,
        value,
        low,
        high,
        p,
        low_adjusted=low_adjusted,
        high_adjusted=high_adjusted,
        p_adjusted=None if p is None else 1 - (1 - p) ** together,
        reason=doubt,
        method=change.method or None,
    )


def changes_of_cell(
    new: Sampled, old: Sampled, cell: int, units: IntArray, only: str | None = None
) -> Iterator[tuple[Metric, Change]]:
    """The change of every metric of one set of cases, norms left out; or of one metric alone."""
    rows = new.rows[cell]
    cases = [sampled.measures.case_values(rows) for sampled in (new, old)]
    moved = new.replicates[cell] - old.replicates[cell]
    fewest = np.minimum(new.patients[cell], old.patients[cell])
    errors = np.sqrt(resampled_variance(moved, fewest))
    rng = np.random.default_rng(new.settings.seed)
    for m, metric in enumerate(new.measures.metrics):
        if only not in (None, metric.name):
            continue
        if metric.kind == "norm":  # its replicates are distances: no difference of two
            continue
        value = float(new.values[cell, m] - old.values[cell, m])
        known = np.isfinite(cases[0][m])
        same = known.any() and np.array_equal(known, np.isfinite(cases[1][m]))
        kept = (cases[0][m, known], cases[1][m, known], units[rows[known]])
        if not np.isfinite(value):
            yield metric, Change(value, lambda _: (np.nan, np.nan), np.nan)
        elif metric.kind == "auc":
            pairs = _pairs_of_auc(new.measures, old.measures, rows, units, rng)
            yield metric, _of_discordant(value, pairs)
        elif metric.kind == "share" and same:
            yield metric, _of_discordant(value, discordant_cases(*kept))
        elif metric.kind == "share":
            yield metric, _unpaired(value, new, old, cell, m)
        else:
            error = float(np.sqrt(change_variance(*kept))) if same else float(errors[m])
            method = "student" if same else "bootstrap"
            change = _of_mean(value, error, max(float(fewest[m]) - 1, 1.0), method)
            still = _unmoved(metric, kept, float(fewest[m])) if same else None
            yield metric, change if still is None else _with_unseen(change, still)


def _of_discordant(value: float, discordant: tuple[float, ...]) -> Change:
    """Tango's interval; at 0 its test is McNemar's, of as many cases as these are worth."""
    gained, lost, n = discordant

    def limits(q: float) -> tuple[float, float]:
        low, high = tango(np.array(gained), np.array(lost), np.array(n), q)
        return float(low), float(high)

    together = gained + lost
    crossing = abs(gained - lost) * float(np.sqrt(n / together)) if together > 0 else 0.0
    return Change(value, limits, crossing, "tango")


def _of_mean(value: float, error: float, freedom: float, method: str) -> Change:
    """Student's interval; none where nothing moves: p is 1 where the value does not, either."""

    def limits(q: float) -> tuple[float, float]:
        half = float(stdtrit(freedom, ndtr(min(q, SURE)))) * error
        return (value - half, value + half) if error > 0 else (np.nan, np.nan)

    if not error > 0:
        return Change(value, limits, 0.0 if value == 0 else np.nan)
    return Change(value, limits, float(-ndtri(stdtr(freedom, -abs(value) / error))), method)


def _unmoved(
    metric: Metric, kept: tuple[FloatArray, FloatArray, IntArray], patients: float
) -> Unmoved | None:
    """What bounds a change that next to no patient shows, by the numbers of the cases."""
    new, old, units = kept
    if metric.kind == "average":
        return unmoved_average(new - old, patients, metric.reach)
    return unmoved_mean(new - old, units, patients, metric.reach)


def _with_unseen(change: Change, still: Unmoved) -> Change:
    """With limits that also hold what patients could move who were not seen."""

    def limits(q: float) -> tuple[float, float]:
        (low, high), (least, most) = change.limits(q), still.limits(q)
        return float(np.fmin(low, least)), float(np.fmax(high, most))

    return inverted(change.value, limits, METHOD)


def _unpaired(value: float, new: Sampled, old: Sampled, cell: int, metric: int) -> Change:
    """Of a share whose cases differ between the runs, as those predicted positive do."""
    a, b = (np.array([sampled.values[cell, metric]]) for sampled in (new, old))

    def limits(q: float) -> tuple[float, float]:
        place = (np.array([cell]), np.array([metric]), q)
        low, high = mover_difference(a, new.limits(*place), b, old.limits(*place), np.zeros(1))
        return float(low[0]), float(high[0])

    return inverted(value, limits, "two samples")


def inverted(value: float, limits: Callable[[float], tuple[float, float]], method: str) -> Change:
    """The change with the quantile at which its limits just hold 0."""
    if np.isnan(limits(1.0)[0]):
        return Change(value, limits, np.nan)
    below, above = 0.0, FURTHEST
    while above - below > 1e-9:  # 36 halvings
        middle = (below + above) / 2
        low, high = limits(middle)
        below, above = (below, middle) if low <= 0 <= high else (middle, above)
    return Change(value, limits, 0.0 if value == 0 else above, method)


def _pairs_of_auc(
    new: Measures, old: Measures, rows: IntArray, units: IntArray, rng: np.random.Generator
) -> tuple[float, ...]:
    """Discordant pairs of two rankings of the same cases."""
    if new.positive is None or new.score is None or old.score is None:
        raise TypeError("an AUC needs classes and scores")
    return discordant_pairs(new.positive[rows], new.score[rows], old.score[rows], units[rows], rng)
