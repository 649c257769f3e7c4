"""What the statistics may assume: confidence, replicates, seed, and how small a group may be."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from scipy.special import ndtri

Tier: TypeAlias = Literal["suppressed", "descriptive", "inferential"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every choice of an analysis; written into the report's provenance as it is."""

    confidence: float = 0.95
    replicates: int = 1000
    """Of the bootstrap."""
    permutations: int = 1000
    """Of the test of the largest gap; 0 leaves it out."""
    seed: int = 0
    suppress_below: int = 11
    """Groups with fewer cases take part in no gap, and the report hides their numbers."""
    inferential_from: int = 10
    """Positives, and negatives, that a group needs before its gaps are tested."""
    adjust: Literal["holm", "bh"] = "holm"
    auc_interval: Literal["score", "logit"] = "score"
    """`score` holds its coverage in small and lopsided groups; `logit` is usual."""
    calibration_bins: int = 10
    power: float = 0.8
    """Of the minimum detectable effect."""

    @property
    def quantile(self) -> float:
        """Of the standard normal distribution, for a two-sided interval."""
        return float(ndtri(0.5 + self.confidence / 2))


def tier(n: int, n_positive: int | None, settings: Settings) -> Tier:
    """What the size of a group allows: nothing, its numbers, or also tests of its gaps.

    `n_positive` is None for scores of cases without classes; then `n` alone decides.
    """
    if n < settings.suppress_below:
        return "suppressed"
    smallest = n if n_positive is None else min(n_positive, n - n_positive)
    return "inferential" if smallest >= settings.inferential_from else "descriptive"
