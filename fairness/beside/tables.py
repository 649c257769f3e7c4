"""What a report holds beside its rows where it is asked to; report.json has it as `beside`."""

from dataclasses import dataclass

from fairness.outcomes import Contrast


@dataclass(frozen=True)
class Standardised:
    """One number of one group, as it is in the data and at another prevalence."""

    attribute: str
    group: str
    metric: str
    prevalence: float
    """Share of positives among the patients to come, as it was given."""
    raw: float | None
    """In the data, with its interval."""
    raw_low: float | None
    raw_high: float | None
    value: float | None
    """At that prevalence; None where undefined or hidden, `reason` says why."""
    low: float | None
    high: float | None
    method: str | None
    n: int | None
    n_positive: int | None
    reason: str | None


@dataclass(frozen=True)
class Beside:
    """Everything that was asked for beside the report; the rest is empty."""

    notes: tuple[str, ...] = ()
    """What was asked, and what it rests on."""
    standardised: tuple[Standardised, ...] = ()
    standardised_pairs: tuple[Contrast, ...] = ()
    """Differences of two groups, each at its prevalence; jointly over the pairs by Sidak."""
