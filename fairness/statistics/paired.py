"""What two runs on the same cases have in common: discordant shares, and the cases they are worth.

A change of a share is Tango's, of the cases that count in one run only. A change of an AUC is the
same of the positive-negative pairs that one run ranks rightly and the other does not, ties one
half. Where cases or pairs depend on each other, they are worth as many independent ones as make
the change as precise.
"""

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.clusters import effective_patients, mean_variances
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.intervals import auc_variance, mixed

MOST_PAIRED = 2000
"""Cases of each class among which discordant pairs are counted; of more, so many are drawn."""


def discordant_cases(new: FloatArray, old: FloatArray, units: IntArray) -> tuple[float, ...]:
    """Shares gained and lost, and the number of cases they are worth, of cases (m,) of 0 or 1.

    `units` (m,) are the patients. A variance seen in few patients is mixed with that of the shares
    after one more gain and one more loss, which counts one patient.
    """
    gained, lost = float((new > old).mean()), float((new < old).mean())
    if len(np.unique(units)) == len(units):
        return gained, lost, float(len(new))
    m = effective_patients(units)
    smooth = [(share * m + 1) / (m + 2) for share in (gained, lost)]
    likely = (sum(smooth) - (smooth[0] - smooth[1]) ** 2) / m
    seen = change_variance(new, old, units) if m > 1 else 0.0
    variance = ((m - 1) * seen + likely) / m
    return gained, lost, max((gained + lost - (gained - lost) ** 2) / variance, m)


def change_variance(new: FloatArray, old: FloatArray, units: IntArray) -> float:
    """Variance of the mean change of cases (m,), those of one patient together."""
    return float(mean_variances((new - old)[None], units)[0])


def discordant_pairs(
    y: IntArray, new: FloatArray, old: FloatArray, units: IntArray, rng: np.random.Generator
) -> tuple[float, ...]:
    """Shares of positive-negative pairs gained and lost, and the number of cases they are worth.

    `y` (m,) of 0/1, scores (m,), patients (m,). NaN for one class.
    """
    of_runs = [influence(y, score) for score in (new, old)]
    if not np.isfinite(of_runs[0][0]):
        return np.nan, np.nan, np.nan
    change = of_runs[0][0] - of_runs[1][0]
    discordant = max(_discordant(y, new, old, rng), abs(change))
    negatives, positives = (max(effective_patients(units[y == k]), 1.0) for k in (0, 1))
    m = min(negatives, positives)
    alone = [
        float(_variance(auc, variance_of(moved, y, units), negatives, positives))
        for auc, moved in of_runs
    ]
    seen = variance_of(of_runs[0][1] - of_runs[1][1], y, units)
    likely = sum(alone) - np.sqrt(alone[0] * alone[1])  # as for a correlation of one half
    variance = float(mixed(np.array(seen), np.array(likely), np.array(m)))
    worth = max((discordant - change**2) / variance, m)
    return (discordant + change) / 2, (discordant - change) / 2, worth


def _variance(auc: float, variance: float, negatives: float, positives: float) -> FloatArray:
    numbers = (np.array(x) for x in (auc, variance, negatives, positives))
    return auc_variance(*numbers)


def _discordant(y: IntArray, new: FloatArray, old: FloatArray, rng: np.random.Generator) -> float:
    """Mean over the positive-negative pairs of how far the two runs differ: 0, 1/2 or 1."""
    of_class = [np.flatnonzero(y == k) for k in (0, 1)]
    negative, positive = (
        rows if len(rows) <= MOST_PAIRED else rng.choice(rows, MOST_PAIRED, replace=False)
        for rows in of_class
    )
    differs = 0.0
    for i in positive:  # one row at a time, so that memory stays small
        ranks = [np.sign(score[i] - score[negative]) for score in (new, old)]
        differs += float(np.abs(ranks[0] - ranks[1]).mean()) / 2
    return differs / len(positive)
