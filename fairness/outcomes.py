"""Samples with their labels and scores, and the report of rows that is made of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.unrecorded import Unrecorded

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Names:
    """Model, dataset and split, as every row of one report calls them."""

    model: str
    dataset: str
    split: str
    label: str = field(default="", kw_only=True)
    """Label or class of the rows, in a report on several; empty elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Patient, groups and covariates of every sample, as columns of length n; never shared."""

    ids: tuple[str, ...]
    patients: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    codes: Mapping[str, IntArray]
    """Attribute name to group codes, -1 where unknown."""
    covariates: Mapping[str, FloatArray]
    """Covariate name to values, NaN where unknown."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Samples with their labels, and what was read from a model's answers about them."""

    cases: Cases
    labels: IntArray | None
    """(n,) of 0/1, or of classes 0..K-1; of L labels (n, L), -1 where unknown; None where the
    reference is a mask."""
    values: Mapping[str, FloatArray]
    """Name to numbers (n,), NaN where undefined; a task (`fairness/tasks`) gives the names."""
    reader_labels: Mapping[str, IntArray] = field(default_factory=dict)
    """Of several readers: name to labels (n,), -1 where not read; -1 in `labels` is then a tie."""


@dataclass(frozen=True, kw_only=True)
class Outcomes(Cases):
    """Samples that a binary classifier scored."""

    target: IntArray
    """0 or 1."""
    score: FloatArray
    """P(positive class) in [0, 1]."""

    def take(self, index: Array) -> "Outcomes":
        """The outcomes at an integer or boolean index, in its order."""
        chosen = np.arange(len(self))[index]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in chosen),
            patients=tuple(self.patients[i] for i in chosen),
            target=self.target[chosen],
            score=self.score[chosen],
            codes={name: codes[chosen] for name, codes in self.codes.items()},
            covariates={name: values[chosen] for name, values in self.covariates.items()},
        )


@dataclass(frozen=True)
class Estimate:
    """One number: a metric in a group, or over all groups of an attribute."""

    attribute: str
    """`overall` for the numbers over the whole split."""
    group: str
    """A group's name, `unknown`, or `all`: every sample whose value of the attribute is known."""
    metric: str
    value: float | None
    """None where undefined; `reason` says why."""
    low: float | None
    high: float | None
    method: str | None
    """How the interval was made; None where there is none."""
    n: int | None
    """Samples; None where the count is not shown."""
    n_positive: int | None
    reason: str | None
    """Why `value` or its interval is absent, or why no rule on this number can pass."""
    unknown_low: float | None = None
    """Of a number over groups: the least value over all ways in which the people of unknown group
    could belong to groups; None where nobody is unknown, or where it cannot be bounded."""
    unknown_high: float | None = None


@dataclass(frozen=True)
class Row(Estimate, Names):
    """An estimate as a report shows it: its names first, small groups hidden."""

    suppressed: str | None = None
    """Why counts are not shown (`fairness/disclosure/sizes.py`); None where they are."""


@dataclass(frozen=True)
class Contrast:
    """One signed difference between two groups: value of `group_a` minus value of `group_b`.

    p < 0.05 exactly where the 95 % interval of `low` and `high` excludes 0; so do `p_adjusted` and
    the interval of `low_adjusted` and `high_adjusted`, which hold for all pairs of the attribute.
    """

    attribute: str
    metric: str
    group_a: str
    group_b: str
    label: str = field(default="", kw_only=True)
    """Of a report on several labels or classes; empty elsewhere."""
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    low_adjusted: float | None = None
    """None for a largest gap, whose own limits hold for all pairs already."""
    high_adjusted: float | None = None
    p_adjusted: float | None = None
    """Of a pair: jointly over the pairs. Of a largest gap: over all attributes (Holm, BH)."""
    mde: float | None = None
    """Minimum detectable effect of the joint test."""
    unknown_low: float | None = None
    """Least value over all ways in which the people of unknown group could belong to groups."""
    unknown_high: float | None = None
    reason: str | None = None
    """Why there is no interval, or why no rule on this number can pass."""
    method: str | None = None
    """Of the interval of a change against another run; None of pairs of groups."""


@dataclass(frozen=True)
class CurvePoint:
    """One bin of a calibration curve: mean score, share of positives with Wilson's interval."""

    score: float
    observed: float
    low: float
    high: float
    n: int | None
    """None where the group's counts are withheld."""


@dataclass(frozen=True)
class Curve:
    """The calibration curve of one group, by ascending score."""

    attribute: str
    group: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Bin:
    """Cases whose score lies from `low` on and below `high`; the last bin has its end, too."""

    low: float
    high: float
    share: float
    """Of the group's cases with a score."""
    n: int | None
    """None where the group's counts are withheld."""


@dataclass(frozen=True)
class Tail:
    """Share of cases with a score below a limit, with its interval."""

    limit: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Percentile:
    """The score that a share of the cases does not reach, with its interval."""

    percent: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Distribution:
    """How the scores of the cases of one group are spread, e.g. the Dice of a structure."""

    attribute: str
    group: str
    metric: str
    n: int | None
    """Cases with a score; None where the group's counts are withheld."""
    bins: tuple[Bin, ...]
    tails: tuple[Tail, ...]
    percentiles: tuple[Percentile, ...]
    """Those with enough people beyond both ends of their interval."""


@dataclass(frozen=True)
class GroupReport:
    """Aggregates only: may be shared. `provenance` says what was measured, on what, with what."""

    rows: tuple[Row, ...]
    provenance: Mapping[str, Any]
    contrasts: tuple[Contrast, ...] = ()
    curves: tuple[Curve, ...] = ()
    """Of calibration; none where the scores are no probabilities."""
    distributions: tuple[Distribution, ...] = ()
    """Of the scores of masks."""
    also: tuple["GroupReport", ...] = ()
    """The same samples asked in other ways, e.g. with the group withheld."""
    kind: str = "classification"
    """Which tables people see (`fairness/tasks`)."""
    unrecorded: tuple[Unrecorded, ...] = ()
    """Who is missing from the groups, of all labels."""

    def document(self) -> dict[str, Any]:
        """What report.json holds: a schema version, these parts, and the same of `also`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": self.kind,
            "provenance": dict(self.provenance),
            "rows": [asdict(row) for row in self.rows],
            "contrasts": [asdict(contrast) for contrast in self.contrasts],
            "curves": [asdict(curve) for curve in self.curves],
            "distributions": [asdict(one) for one in self.distributions],
            "unrecorded": [asdict(one) for one in self.unrecorded],
            "also": [other.document() for other in self.also],
        }
