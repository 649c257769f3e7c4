"""What a plan expected, beside what was found: part of a verdict."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class RulePlanned:
    """One rule: the probabilities of the plan, and the verdict."""

    rule: str
    passes: float
    fails: float
    open: float
    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE"]


@dataclass(frozen=True, kw_only=True)
class NumberPlanned:
    """One assumed number of a group, and the same as found."""

    attribute: str
    group: str
    number: str
    """`n`, or a metric of the report."""
    assumed: float
    found: float | None
    """None where it is not shown, or the group is not there."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan, held against what was found."""

    sha256: str
    """Of the plan, as it was printed when it was written."""
    written: str
    draws: int
    rules: tuple[RulePlanned, ...]
    """The last one is the whole policy."""
    numbers: tuple[NumberPlanned, ...]
    remarks: tuple[str, ...]
    """What does not fit: groups that were not planned, a plan later than the predictions."""
