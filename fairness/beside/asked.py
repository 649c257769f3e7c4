"""What is asked for beside a report, read and checked."""

from dataclasses import dataclass

from fairness.beside.adjustment import Adjustment
from fairness.beside.model_terms import Terms
from fairness.beside.prevalences import Prevalences
from fairness.statistics.redrawn import Redrawn


@dataclass(frozen=True)
class Asked:
    """Each part is None where it is not asked for."""

    prevalences: Prevalences | None = None
    adjustment: Adjustment | None = None
    terms: Terms | None = None
    """Of a model that gaps are adjusted by, in the place of strata."""
    thresholds: tuple[float, ...] = ()
    """Of decision curves; without them nothing is said of utility."""
    range_said: str = ""
    """Where their range comes from, if a policy names one."""
    redrawn: Redrawn | None = None
    """What the rule that chose the threshold gives on redrawn validation patients."""
