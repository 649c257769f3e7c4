"""What a site hands over: sums, histograms and AUCs by group, of nobody in particular."""

from dataclasses import dataclass, field
from typing import Literal

from fairness.pooling.bins import BINS
from fairness.pooling.cells import Cells
from fairness.pooling.sums import Sums


@dataclass(frozen=True)
class Ranking:
    """The AUC inside one site, which no binning touches."""

    value: float
    variance: float
    """DeLong's, all cases of a patient moving together (Obuchowski 1997)."""
    design_effect: float
    """That variance over the one of as many independent cases; 1 with a case a patient."""


@dataclass(frozen=True)
class Part:
    """One group, or everybody."""

    group: str
    people: int
    people_of_class: tuple[int, int]
    """With a negative, and with a positive case."""
    effective_of_class: tuple[float, float]
    """The same, patients with many cases counting for less than their cases (Kish)."""
    negatives: Cells
    positives: Cells
    sums: dict[str, Sums]
    """By name of the metric."""
    auc: Ranking

    @property
    def cases(self) -> tuple[int, int]:
        """Negatives and positives."""
        return sum(self.negatives.counts), sum(self.positives.counts)


@dataclass(frozen=True)
class Attribute:
    """The groups of one attribute."""

    name: str
    groups: tuple[str, ...]
    """All of its groups, in order."""
    parts: tuple[Part, ...]
    """Those that are shown."""
    withheld: dict[str, str] = field(default_factory=dict)
    """Group to the reason why it is not."""


@dataclass(frozen=True)
class Model:
    """Which model was audited."""

    name: str
    sha256: str | None
    """Of its file or weights; None where nothing says so."""


@dataclass(frozen=True, kw_only=True)
class SiteSummary:
    """The content of one file."""

    format: Literal[1] = 1
    site: str
    model: Model
    label: str
    """What a positive case has."""
    dataset: str
    split: str
    threshold: float
    bins: int = BINS
    least: int
    """Fewest people of a group, of a class in it, and of a cell."""
    people: int
    dependent: bool
    """Whether a patient may have several cases."""
    everybody: Part
    attributes: tuple[Attribute, ...]
