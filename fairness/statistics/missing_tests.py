"""Whether it depends on label, score or site that a group was not recorded.

Patients are exchanged, never images: where nothing depends on it, any set of as many patients
could be the one without a recorded group (Fisher 1935; van Elteren 1960 for ranks within strata).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2, fisher_exact, rankdata

from fairness.arrays import BoolArray, FloatArray, IntArray

PERMUTATIONS = 9_999
MANY = 30
"""Patients of either kind from which on the normal distribution stands for the permutations."""
MOST = 20_000
"""Patients up to which they are permuted at all."""
BLOCK = 2_000_000
"""Numbers permuted at once."""
ROUNDING = 1e-9

FISHER, PERMUTED, NORMAL, CHI_SQUARE = (
    "Fisher's exact test",
    "permutations of the patients",
    "normal, with the variance of permutations of the patients",
    "chi-square of the patients",
)


@dataclass(frozen=True)
class Tested:
    """One test; `p` is None where nothing can be said."""

    p: float | None
    method: str


def related_to_label(missing: BoolArray, positive: IntArray, units: IntArray) -> Tested:
    """Whether people without a recorded group are more, or less, often positive.

    Args:
        missing: (n,) whether the group of an image's patient is not recorded.
        positive: (n,) of 0/1.
        units: (n,) the patients; a patient counts by the shares of their images.
    """
    if len(np.unique(units)) == len(units):
        table = [[int((missing & (positive == k)).sum()) for k in (0, 1)]]
        table.append([int((~missing & (positive == k)).sum()) for k in (0, 1)])
        if 0 in (*np.sum(table, 0), *np.sum(table, 1)):
            return Tested(None, FISHER)
        return Tested(float(fisher_exact(table).pvalue), FISHER)
    absent, value = of_patients(missing, units), of_patients(positive, units)
    return permuted(absent, value, np.zeros(len(absent), dtype=np.int64))


def related_to_score(
    missing: BoolArray, score: FloatArray, positive: IntArray | None, units: IntArray
) -> Tested:
    """Whether their scores are higher, or lower, than those of others with the same label.

    Args:
        missing: (n,).
        score: (n,), NaN where a case has none, which is left out.
        positive: (n,) of 0/1, or None where cases have no label.
        units: (n,).
    """
    known = np.isfinite(score)
    label = np.zeros(len(score), dtype=np.int64) if positive is None else positive
    missing, label, units, score = missing[known], label[known], units[known], score[known]
    ranks = np.zeros(len(score))
    for k in np.unique(label):
        inside = label == k
        ranks[inside] = (rankdata(score[inside]) - 0.5) / inside.sum() - 0.5
    absent, value, share = (of_patients(x, units) for x in (missing, ranks, label))
    strata = np.where(share == 0, 0, np.where(share == 1, 1, 2))  # negatives, positives, both
    return permuted(absent, value, strata)


def related_to_site(missing: BoolArray, site: IntArray, units: IntArray) -> Tested:
    """Whether sites differ in how many groups they do not record; `site` (n,), below 0 unknown."""
    known = site >= 0
    missing, site, units = missing[known], site[known], units[known]
    _, first = np.unique(units, return_index=True)
    absent, place = of_patients(missing, units), site[first]
    mean = absent.mean() if absent.size else 0.0
    people = np.bincount(place) if place.size else np.zeros(0)
    if np.count_nonzero(people) < 2 or not 0 < mean < 1:
        return Tested(None, CHI_SQUARE)
    spread = absent.var(ddof=1)
    there = people[people > 0]
    at = np.equal.outer(place, np.flatnonzero(people)).astype(np.float64)

    def statistics(values: FloatArray) -> FloatArray:
        """Of rows (K, N) of absent patients."""
        return np.asarray(((values @ at - there * mean) ** 2 / there).sum(1) / spread)

    (seen,) = statistics(absent[None])
    if (there * min(mean, 1 - mean) >= 5).all() or len(absent) > MOST:
        return Tested(float(chi2.sf(seen, len(there) - 1)), CHI_SQUARE)
    rng, beyond = np.random.default_rng(len(absent)), 0
    for rows in blocks(len(absent)):
        drawn = rng.permuted(np.tile(absent, (rows, 1)), axis=1)
        beyond += int((statistics(drawn) >= seen - ROUNDING).sum())
    return Tested((beyond + 1) / (PERMUTATIONS + 1), PERMUTED)


def permuted(absent: FloatArray, value: FloatArray, strata: IntArray) -> Tested:
    """Test of the sum of `value` (N,) over the absent patients, permuted within strata (N,)."""
    variance, centred = 0.0, np.zeros(len(value))
    for s in np.unique(strata):
        inside = strata == s
        a, b = absent[inside] - absent[inside].mean(), value[inside] - value[inside].mean()
        centred[inside] = b
        if inside.sum() > 1:
            variance += float((a @ a) * (b @ b)) / (inside.sum() - 1)
    seen = abs(float(absent @ centred))
    if variance <= ROUNDING**2:
        return Tested(None, PERMUTED)
    fewest = min(np.count_nonzero(absent > 0.5), np.count_nonzero(absent <= 0.5))
    if fewest >= MANY or len(absent) > MOST:
        return Tested(float(2 * ndtr(-seen / np.sqrt(variance))), NORMAL)
    rng, beyond = np.random.default_rng(len(absent)), 0
    for rows in blocks(len(absent)):
        sums = np.zeros(rows)
        for s in np.unique(strata):
            inside = strata == s
            drawn = rng.permuted(np.tile(absent[inside], (rows, 1)), axis=1)
            sums += drawn @ centred[inside]
        beyond += int((np.abs(sums) >= seen - ROUNDING).sum())
    return Tested((beyond + 1) / (PERMUTATIONS + 1), PERMUTED)


def blocks(patients: int) -> Iterator[int]:
    """Numbers of permutations that are made at once, `PERMUTATIONS` in all."""
    size = max(1, BLOCK // patients)
    for start in range(0, PERMUTATIONS, size):
        yield min(size, PERMUTATIONS - start)


def of_patients(values: FloatArray | BoolArray | IntArray, units: IntArray) -> FloatArray:
    """(N,) mean of each patient's images."""
    _, unit = np.unique(units, return_inverse=True)
    return np.asarray(np.bincount(unit, values.astype(np.float64)) / np.bincount(unit))
