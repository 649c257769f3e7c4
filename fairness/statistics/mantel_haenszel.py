"""The odds ratio that strata have in common, and whether they do.

Mantel and Haenszel, J. Natl. Cancer Inst. 1959; its variance: Robins, Breslow and Greenland,
Biometrics 1986; the test of one common ratio: Breslow and Day 1980, as corrected by Tarone
(Biometrika 1985). For cases that are independent of each other.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from fairness.arrays import FloatArray
from fairness.statistics.heterogeneity import two_sided


@dataclass(frozen=True)
class CommonOdds:
    """The common odds ratio of two groups; NaN where no stratum tells anything."""

    ratio: float
    error: float
    """Standard error of its logarithm."""
    heterogeneity: float
    """Breslow and Day's statistic with Tarone's correction."""
    freedom: int
    heterogeneity_p: float
    """That all strata have this ratio; NaN of a single stratum."""

    def limits(self, q: float) -> tuple[float, float]:
        """At the normal quantile `q`."""
        low, high = (float(self.ratio * np.exp(side * q * self.error)) for side in (-1, 1))
        return low, high

    @property
    def p(self) -> float:
        """Two-sided, that the ratio is 1; agrees with `limits`."""
        return two_sided(float(np.log(self.ratio)) / self.error)


UNDEFINED = CommonOdds(np.nan, np.nan, np.nan, 0, np.nan)


def common_odds(
    hits: FloatArray,
    trials: FloatArray,
    others: FloatArray,
    of_others: FloatArray,
    least: int = 1,
) -> CommonOdds:
    """Of S strata with `hits` among `trials` in one group, `others` among `of_others` in the other.

    Args:
        hits: (S,) counts.
        trials: (S,).
        others: (S,) counts in the other group.
        of_others: (S,).
        least: cases of each group in a stratum that takes part in the test of one common ratio.
    """
    n = trials + of_others
    kept = (trials > 0) & (of_others > 0)
    a, c, m1, m0, n = (x[kept].astype(np.float64) for x in (hits, others, trials, of_others, n))
    b, d = m1 - a, m0 - c
    up, down = a * d / n, b * c / n
    if not up.sum() > 0 or not down.sum() > 0:
        return UNDEFINED
    ratio = float(up.sum() / down.sum())
    for_up, for_down = (a + d) / n, (b + c) / n
    error = np.sqrt(
        (for_up @ up) / (2 * up.sum() ** 2)
        + (for_up @ down + for_down @ up) / (2 * up.sum() * down.sum())
        + (for_down @ down) / (2 * down.sum() ** 2)
    )
    many = (m1 >= least) & (m0 >= least)
    test = breslow_day(a[many], (a + c)[many], m1[many], m0[many], ratio)
    return CommonOdds(ratio, float(error), *test)


def breslow_day(
    a: FloatArray, hits: FloatArray, m1: FloatArray, m0: FloatArray, ratio: float
) -> tuple[float, int, float]:
    """Statistic, degrees of freedom and p; strata without both outcomes tell nothing.

    Args:
        a: (S,) hits of the first group.
        hits: (S,) of both.
        m1: (S,) cases of the first group.
        m0: (S,) of the other.
        ratio: the common odds ratio.
    """
    kept = (hits > 0) & (hits < m1 + m0)
    a, hits, m1, m0 = (x[kept] for x in (a, hits, m1, m0))
    freedom = len(a) - 1
    if freedom < 1:
        return np.nan, 0, np.nan
    # a (m0 - hits + a) = ratio (hits - a) (m1 - a), solved for the expected a.
    square, linear = 1 - ratio, m0 - hits + ratio * (hits + m1)
    constant = -ratio * hits * m1
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    expected = -2 * constant / (linear + root)
    cells = (expected, hits - expected, m1 - expected, m0 - hits + expected)
    variance = 1 / sum(1 / np.maximum(cell, 1e-12) for cell in cells)
    apart = a - expected
    statistic = float((apart**2 / variance).sum() - apart.sum() ** 2 / variance.sum())
    return statistic, freedom, float(chdtrc(freedom, statistic))
