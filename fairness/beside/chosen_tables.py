"""What a report holds of numbers at a tuned threshold; part of `tables.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AtChosen:
    """One number of one group, with its interval at a fixed threshold and at a redrawn one."""

    attribute: str
    group: str
    metric: str
    value: float | None
    """None where undefined or hidden, `reason` says why."""
    fixed_low: float | None
    """As in the rows of the report: the threshold taken as given."""
    fixed_high: float | None
    low: float | None
    """With what choosing the threshold adds."""
    high: float | None
    method: str | None
    n: int | None
    n_positive: int | None
    reason: str | None


@dataclass(frozen=True)
class GapAtChosen:
    """The difference of two groups at one threshold for both."""

    attribute: str
    metric: str
    group_a: str
    group_b: str
    value: float | None
    fixed_low: float | None
    """As in the contrasts of the report, of the pair alone."""
    fixed_high: float | None
    fixed_p: float | None
    low: float | None
    high: float | None
    p: float | None
    low_adjusted: float | None
    """Jointly over the pairs of the attribute, by Sidak."""
    high_adjusted: float | None
    p_adjusted: float | None
    reason: str | None


@dataclass(frozen=True)
class LargestAtChosen:
    """A largest gap over the groups of an attribute, such as the equalized odds difference."""

    attribute: str
    metric: str
    value: float | None
    fixed_low: float | None
    fixed_high: float | None
    fixed_p: float | None
    low: float | None
    high: float | None
    p: float | None
    """That no two groups differ; None where one of them is too small to test."""


@dataclass(frozen=True)
class Chosen:
    """All numbers at a threshold that was chosen on validation runs."""

    note: str
    """How it was chosen, and how far it moves."""
    rows: tuple[AtChosen, ...]
    pairs: tuple[GapAtChosen, ...]
    largest: tuple[LargestAtChosen, ...]
