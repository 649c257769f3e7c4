"""Settings of the statistics: confidence, replicates, seed, smallest group sizes."""

from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from scipy.special import ndtri

from fairness.errors import UsageError

Tier: TypeAlias = Literal["suppressed", "descriptive", "inferential"]

LEAST_BINNED = 2_000
"""Below it bins are no faster, and there is no need for them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices of an analysis, kept in the report's provenance."""

    confidence: float = 0.95
    """Of every interval, in [0.5, 1)."""
    replicates: int = 1000
    """Of the bootstrap, 100 at least."""
    binned_from: int = 50_000
    """Cases of a group from which on its scores are cut into 1,000 bins for the bootstrap."""
    seed: int = 0
    """Of the bootstrap and of the joint tests."""
    suppress_below: int = 11
    """Hide groups of fewer people in everything under report/; they take part in no gap."""
    suppress_positives_below: int | None = None
    """The same for groups of fewer positives or negatives; without it, as people; 0: off."""
    inferential_from: int = 10
    """Fewest patients with positives, and with negatives, of a group whose gaps are tested."""
    adjust: Literal["holm", "bh"] = "holm"
    """Adjustment of the largest gaps' p-values over attributes: Holm, or Benjamini-Hochberg."""
    auc_interval: Literal["score", "logit"] = "score"
    """Interval of an AUC: score holds its coverage in small and lopsided groups; logit is usual."""
    calibration_bins: int = 10
    """Bins of equal mass of the calibration error."""
    power: float = 0.8
    """Of the minimum detectable effect."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if not 0.5 <= self.confidence < 1:
            raise UsageError("--confidence must lie in [0.5, 1)")
        if not 0 < self.power < 1:
            raise UsageError("--power must lie in (0, 1)")
        if self.replicates < 100:
            raise UsageError("--replicates must be at least 100")
        if self.binned_from < LEAST_BINNED:
            raise UsageError(f"--binned-from must be at least {LEAST_BINNED}")
        if self.calibration_bins < 1:
            raise UsageError("--calibration-bins must be at least 1")
        counts = (self.suppress_below, self.suppress_positives_below or 0, self.inferential_from)
        if min(*counts, self.seed) < 0:
            raise UsageError("counts, such as --suppress-below or --seed, must not be negative")

    def document(self, *, binned: bool) -> dict[str, object]:
        """For a provenance; where scores were not binned, nothing of the size from which on."""
        kept = asdict(self)
        if not binned:
            del kept["binned_from"]
        return kept

    @property
    def least_of_class(self) -> int:
        """Fewest positives, and fewest negatives, of a group that may be shown."""
        chosen = self.suppress_positives_below
        return self.suppress_below if chosen is None else chosen

    @property
    def quantile(self) -> float:
        """Of the standard normal distribution, for a two-sided interval."""
        return float(ndtri(0.5 + self.confidence / 2))


def tier(people: int, rarer: int, settings: Settings) -> Tier:
    """Suppressed, descriptive or inferential, by numbers of patients.

    `rarer` are those of the rarer class; all of them where cases have no classes.
    """
    if people < settings.suppress_below:
        return "suppressed"
    return "inferential" if rarer >= settings.inferential_from else "descriptive"
