"""Changes of each metric against an earlier run on the same samples."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import ndtr, stdtrit

from fairness.arrays import IntArray
from fairness.attributes import ALL, OVERALL, Attribute
from fairness.groups import Grouping, plain
from fairness.outcomes import Contrast
from fairness.statistics.bootstrap import resampled_variance
from fairness.statistics.clusters import units_of
from fairness.statistics.doubts import size_doubt
from fairness.statistics.estimates import number
from fairness.statistics.intervals import mover_difference
from fairness.statistics.measures import Measures, Metric
from fairness.statistics.paired import change_variance, discordant_cases, discordant_pairs
from fairness.statistics.sampled import Sampled, sample
from fairness.statistics.settings import Settings
from fairness.statistics.tango import tango


def changes(
    new: Measures,
    old: Measures,
    patients: Sequence[str],
    groupings: Sequence[Grouping],
    settings: Settings,
) -> list[Contrast]:
    """Differences new minus old of every metric but norms, in every group and overall.

    Both are measured on the same samples. A share of the same cases, and an AUC, have score
    intervals of positive width, even where nothing changed (Tango 1998); a share of other cases in
    each run (predictive values) has the interval of two samples. The others, value +- Student's
    quantile * standard error of the paired differences, have none where that is 0.
    `group_a` of a contrast is the group (`all` for overall), `group_b` is `baseline`; there are no
    p-values. `patients` (n,) is the patient of each sample.
    """
    units = units_of(np.array(patients))
    everyone = plain(Attribute(OVERALL, (ALL,)), np.zeros(len(units), dtype=np.int64))
    found = []
    for grouping in (everyone, *groupings):
        cells = [np.flatnonzero(grouping.codes == g) for g in range(len(grouping.attribute.groups))]
        pair = [sample(measures, cells, units, settings) for measures in (new, old)]
        for c, group in enumerate(grouping.attribute.groups):
            for metric, numbers in _of_cell(pair[0], pair[1], c, units):
                names = (grouping.attribute.name, metric.name, group, "baseline")
                value, low, high = (number(x) for x in numbers)
                m = new.metrics.index(metric)
                reason = size_doubt(pair[0], c, m)
                if value is not None and low is None:
                    reason = "no interval: nothing changed, or too few cases"
                found.append(Contrast(*names, value, low, high, None, reason=reason))
    return found


def _of_cell(
    new: Sampled, old: Sampled, cell: int, units: IntArray
) -> Iterator[tuple[Metric, tuple[float, float, float]]]:
    """Value and limits of the change of every metric of one set of cases."""
    rows, q = new.rows[cell], new.settings.quantile
    cases = [sampled.measures.case_values(rows) for sampled in (new, old)]
    moved = new.replicates[cell] - old.replicates[cell]
    fewest = np.minimum(new.patients[cell], old.patients[cell])
    errors = np.sqrt(resampled_variance(moved, fewest))
    rng = np.random.default_rng(new.settings.seed)
    for m, metric in enumerate(new.measures.metrics):
        if metric.kind == "norm":  # its replicates are distances: no difference of two
            continue
        value = float(new.values[cell, m] - old.values[cell, m])
        known = np.isfinite(cases[0][m])
        same = known.any() and np.array_equal(known, np.isfinite(cases[1][m]))
        kept = (cases[0][m, known], cases[1][m, known], units[rows[known]])
        if not np.isfinite(value):
            low, high = np.nan, np.nan
        elif metric.kind == "auc":
            low, high = _tango(_pairs_of_auc(new.measures, old.measures, rows, units, rng), q)
        elif metric.kind == "share" and same:
            low, high = _tango(discordant_cases(*kept), q)
        elif metric.kind == "share":
            low, high = _unpaired(new, old, cell, m)
        else:
            error = float(np.sqrt(change_variance(*kept))) if same else float(errors[m])
            half = float(stdtrit(max(float(fewest[m]) - 1, 1.0), ndtr(q))) * error
            low, high = (value - half, value + half) if error > 0 else (np.nan, np.nan)
        yield metric, (value, low, high)


def _unpaired(new: Sampled, old: Sampled, cell: int, metric: int) -> tuple[float, float]:
    """Of a share whose cases differ between the runs, as those predicted positive do."""
    place = (np.array([cell]), np.array([metric]), new.settings.quantile)
    values = (sampled.values[cell, metric] for sampled in (new, old))
    a, b = (np.array([value]) for value in values)
    low, high = mover_difference(a, new.limits(*place), b, old.limits(*place), np.zeros(1))
    return float(low[0]), float(high[0])


def _pairs_of_auc(
    new: Measures, old: Measures, rows: IntArray, units: IntArray, rng: np.random.Generator
) -> tuple[float, ...]:
    """Discordant pairs of two rankings of the same cases."""
    if new.positive is None or new.score is None or old.score is None:
        raise TypeError("an AUC needs classes and scores")
    return discordant_pairs(new.positive[rows], new.score[rows], old.score[rows], units[rows], rng)


def _tango(discordant: tuple[float, ...], q: float) -> tuple[float, float]:
    gained, lost, n = (np.array(x) for x in discordant)
    low, high = tango(gained, lost, n, q)
    return float(low), float(high)
