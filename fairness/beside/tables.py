"""What a report holds beside its rows where it is asked to; report.json has it as `beside`."""

from dataclasses import dataclass

from fairness.beside.chosen_tables import Chosen
from fairness.beside.model_tables import Modelled
from fairness.outcomes import Bin, Contrast, Percentile


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
class Adjusted:
    """The difference of two groups in the data, and with both standardised over strata."""

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
    strata: int
    """In which both groups are."""
    covered: float
    """Share of the standard's cases that lies in these."""
    empty: tuple[str, ...]
    """Strata of the standard that are left out, with the group that has no such case there."""
    heterogeneity_p: float | None
    """That the difference is the same in every stratum (Cochran's Q)."""
    odds_ratio: float | None
    """Of shares: what the strata have in common (Mantel and Haenszel)."""
    odds_low: float | None
    odds_high: float | None
    odds_p: float | None
    odds_heterogeneity_p: float | None
    """That the odds ratio is the same in every stratum (Breslow and Day, Tarone)."""
    reason: str | None


@dataclass(frozen=True)
class OfSites:
    """The difference of two groups as the mean over sites, which are a sample of sites."""

    attribute: str
    metric: str
    group_a: str
    group_b: str
    site: str
    """Name of the factor."""
    sites: int
    """In which both groups are."""
    value: float
    low: float
    high: float
    p: float
    spread: float
    """Standard deviation of the difference between sites."""
    heterogeneity_p: float | None


@dataclass(frozen=True)
class Decision:
    """The net benefit of one group at one threshold, by case: 1 is every case treated rightly."""

    attribute: str
    group: str
    threshold: float
    prevalence: float | None
    """That the numbers stand for; None: that of the data."""
    net_benefit: float
    low: float | None
    high: float | None
    treat_all: float
    """Net benefit of treating everybody; of treating nobody it is 0."""
    over_all: float
    """Net benefit minus that of treating everybody."""
    over_all_low: float | None
    over_all_high: float | None


@dataclass(frozen=True)
class ScoreSpread:
    """Scores of the positives, or of the negatives, of one group."""

    attribute: str
    group: str
    of: str
    """`positives` or `negatives`."""
    n: int | None
    bins: tuple[Bin, ...]
    percentiles: tuple[Percentile, ...]
    """Those with enough people beyond both ends of their interval."""


@dataclass(frozen=True)
class Recalibrated:
    """One number of one group after a recalibration, fitted on other patients than it scores."""

    attribute: str
    group: str
    metric: str
    way: str
    """`as served`, `one for all` or `one a group`."""
    value: float | None
    change: float | None
    """Against the scores as served."""
    change_low: float | None
    change_high: float | None
    reason: str | None
    """Why there is no interval, or how the group was recalibrated if not as the way says."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the readers agree about the cases of one group."""

    attribute: str
    group: str
    n: int | None = None
    """Cases that two readers or more have read; None where not shown."""
    agreement: float | None = None
    """Chance that two readers of a case, drawn at random, agree; mean over cases."""
    agreement_low: float | None = None
    agreement_high: float | None = None
    coefficient: str
    """`cohen_kappa`, `fleiss_kappa` or `krippendorff_alpha`."""
    value: float | None = None
    """Of the coefficient; None where undefined or hidden, `reason` says why."""
    low: float | None = None
    high: float | None = None
    reason: str | None


@dataclass(frozen=True)
class ByReader:
    """One number of one group, or the largest gap of an attribute, against a reader's labels."""

    reader: str
    """Name of the column; `majority`, as in the report; or `mean over readers`."""
    attribute: str
    group: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    n: int | None
    n_positive: int | None
    """By that reader."""
    reason: str | None


@dataclass(frozen=True)
class ReaderGap:
    """The difference of two groups against a reader's labels; fields as of a `Contrast`."""

    reader: str
    attribute: str
    metric: str
    group_a: str
    group_b: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    low_adjusted: float | None
    """Jointly over the pairs of the attribute; of means by Sidak."""
    high_adjusted: float | None
    p_adjusted: float | None
    reason: str | None


@dataclass(frozen=True)
class Beside:
    """Everything that was asked for beside the report; the rest is empty."""

    standardised: tuple[Standardised, ...] = ()
    standardised_pairs: tuple[Contrast, ...] = ()
    """Differences of two groups, each at its prevalence; jointly over the pairs by Sidak."""
    standardised_note: str = ""
    """What was asked, and what it rests on."""
    adjusted: tuple[Adjusted, ...] = ()
    adjusted_note: str = ""
    over_sites: tuple[OfSites, ...] = ()
    modelled: tuple[Modelled, ...] = ()
    """Adjusted by a model in the place of strata."""
    modelled_note: str = ""
    decisions: tuple[Decision, ...] = ()
    """Decision curves: by group, at ascending thresholds."""
    decisions_note: str = ""
    """Where the range of thresholds comes from, if a policy names one."""
    scores: tuple[ScoreSpread, ...] = ()
    recalibrated: tuple[Recalibrated, ...] = ()
    chosen: Chosen | None = None
    """At a threshold whose choice is part of the intervals."""
    agreement: tuple[Agreement, ...] = ()
    by_reader: tuple[ByReader, ...] = ()
    reader_gaps: tuple[ReaderGap, ...] = ()
    readers_note: str = ""
    """Whose labels, and how many cases have no majority."""
