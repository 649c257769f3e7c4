"""What is asked for beside a report, read and checked."""

from dataclasses import dataclass

from fairness.beside.adjustment import Adjustment
from fairness.beside.prevalences import Prevalences


@dataclass(frozen=True)
class Asked:
    """Each part is None where it is not asked for."""

    prevalences: Prevalences | None = None
    adjustment: Adjustment | None = None
    thresholds: tuple[float, ...] = ()
    """Of decision curves; without them nothing is said of utility."""
