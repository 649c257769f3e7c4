"""What an evaluation yields: one outcome a sample, and the report of rows made from them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import Attribute

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Whom every sample of one split belongs to, as columns of length n; never shared."""

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
class Outcomes(Cases):
    """Every sample that a binary classifier scored."""

    target: IntArray
    """0 or 1."""
    score: FloatArray
    """P(positive class) in [0, 1]."""

    def take(self, index: Array) -> "Outcomes":
        """The outcomes at an integer or boolean index, in its order."""
        chosen = np.arange(len(self))[index]
        return Outcomes(
            ids=tuple(self.ids[i] for i in chosen),
            patients=tuple(self.patients[i] for i in chosen),
            target=self.target[chosen],
            score=self.score[chosen],
            attributes=self.attributes,
            codes={name: codes[chosen] for name, codes in self.codes.items()},
            covariates={name: values[chosen] for name, values in self.covariates.items()},
        )


@dataclass(frozen=True, kw_only=True)
class CaseOutcomes(Cases):
    """Every sample that got scores of its own, such as the Dice coefficients of its mask."""

    scores: Mapping[str, FloatArray]
    """Name to values (n,), NaN where a case has none."""


@dataclass(frozen=True)
class Row:
    """One number of the report: a metric in a group, or over all groups of an attribute."""

    model: str
    dataset: str
    split: str
    attribute: str
    """`overall` for the rows over the whole split."""
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
    """Samples; None where the group is too small to be shown."""
    n_positive: int | None
    reason: str | None
    """Why `value` or its interval is absent, or what a number over groups leaves out."""


@dataclass(frozen=True)
class Contrast:
    """One signed difference between two groups: value of `group_a` minus value of `group_b`."""

    attribute: str
    metric: str
    group_a: str
    group_b: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    mde: float | None


@dataclass(frozen=True)
class CurvePoint:
    """One bin of a calibration curve: mean score, share of positives with Wilson's interval."""

    score: float
    observed: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Curve:
    """The calibration curve of one group, by ascending score."""

    attribute: str
    group: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class GroupReport:
    """Aggregates only: may be shared. `provenance` says what was measured, on what, with what."""

    rows: tuple[Row, ...]
    provenance: Mapping[str, Any]
    contrasts: tuple[Contrast, ...] = field(default=())
    curves: tuple[Curve, ...] = field(default=())
    """Of calibration; none where the scores are no probabilities."""
    also: tuple["GroupReport", ...] = field(default=())
    """The same samples asked in other ways, e.g. with the group withheld."""

    def document(self) -> dict[str, Any]:
        """What report.json holds: a schema version, these parts, and the same of `also`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "provenance": dict(self.provenance),
            "rows": [asdict(row) for row in self.rows],
            "contrasts": [asdict(contrast) for contrast in self.contrasts],
            "curves": [asdict(curve) for curve in self.curves],
            "also": [other.document() for other in self.also],
        }

    def value(self, attribute: str, group: str, metric: str) -> float | None:
        """The value of one row.

        Raises:
            KeyError: there is no such row.
        """
        for row in self.rows:
            if (row.attribute, row.group, row.metric) == (attribute, group, metric):
                return row.value
        raise KeyError(f"{metric} of {attribute}={group}")
