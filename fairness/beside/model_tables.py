"""What a report holds of gaps adjusted by a model; part of `tables.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Modelled:
    """The difference of two groups in the data, and with both standardised by a model."""

    attribute: str
    metric: str
    group_a: str
    group_b: str
    raw: float | None
    """In the data, with interval and p of the pair alone."""
    raw_low: float | None
    raw_high: float | None
    raw_p: float | None
    value: float | None
    """Standardised; None where undefined or not shown, `reason` says why."""
    low: float | None
    high: float | None
    p: float | None
    low_adjusted: float | None
    """Jointly over the pairs of the attribute, by Sidak."""
    high_adjusted: float | None
    p_adjusted: float | None
    ridge: float | None
    """Of the fit; 0 where the classes overlap, so that none is needed; None where it may not be
    told, as it would say that all of a group are decided alike."""
    reason: str | None
