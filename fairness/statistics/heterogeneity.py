"""Whether a difference is the same in every stratum or site, and its mean over random sites."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr, stdtr, stdtrit

from fairness.arrays import FloatArray


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q of K differences (Biometrics 1954)."""

    q: float
    freedom: int
    """K - 1."""
    p: float
    """That all are the same; NaN of a single one."""


def cochran(value: FloatArray, variance: FloatArray) -> Heterogeneity:
    """Of differences (K,) with their variances (K,)."""
    if len(value) < 2:
        return Heterogeneity(np.nan, 0, np.nan)
    weight = 1 / variance
    mean = weight @ value / weight.sum()
    q, freedom = float(weight @ (value - mean) ** 2), len(value) - 1
    return Heterogeneity(q, freedom, float(chdtrc(freedom, q)))


@dataclass(frozen=True)
class OverSites:
    """Mean of a difference over sites like these K."""

    value: float
    error: float
    """Standard error of the mean."""
    spread: float
    """Standard deviation between sites (tau)."""
    sites: int

    def limits(self, confidence: float) -> tuple[float, float]:
        """Of the mean, by Student's quantile with K - 1 degrees of freedom."""
        half = float(stdtrit(self.sites - 1, 0.5 + confidence / 2)) * self.error
        return self.value - half, self.value + half

    @property
    def p(self) -> float:
        """Two-sided, of the mean; agrees with `limits`."""
        return float(2 * stdtr(self.sites - 1, -abs(self.value) / self.error))


def over_sites(value: FloatArray, variance: FloatArray) -> OverSites:
    """Random effects of K >= 2 sites with a difference (K,) and its variance (K,) each.

    The spread between sites is DerSimonian and Laird's (Controlled Clinical Trials 1986), the error
    of the mean Hartung and Knapp's (Stat. in Med. 2001), but not below that without theirs.
    """
    weight, freedom = 1 / variance, len(value) - 1
    q = cochran(value, variance).q
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(0.0, (q - freedom) / scale)
    weight = 1 / (variance + between)
    mean = float(weight @ value / weight.sum())
    usual = 1 / weight.sum()
    adapted = float(weight @ (value - mean) ** 2 / (freedom * weight.sum()))
    return OverSites(mean, float(np.sqrt(max(usual, adapted))), float(np.sqrt(between)), len(value))


def two_sided(z: float) -> float:
    """P of a normal number."""
    return float(2 * ndtr(-abs(z)))
