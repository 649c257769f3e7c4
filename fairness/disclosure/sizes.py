"""When a group is too small to be shown: by its people, and by those of each class."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray
from fairness.outcomes import Cases
from fairness.statistics.settings import Settings

FEW = "few people"
FEW_OF_A_CLASS = "few positives or negatives"
WITHHELD = "withheld"
"""Not small itself: its counts would give another group's away."""
ALTOGETHER = "attribute withheld"
"""Nothing is told of any group: the attribute is too small, or too finely cut, to be shown."""
IN_STRATA = "not shown inside strata"
"""The unknown of an attribute, which is nobody's group but has the trait of the stratum."""

LARGE = 1000
"""People from whom on a group is never left out: its counts are withheld, its numbers rounded."""


@dataclass(frozen=True)
class Sizes:
    """What decides how large a set of samples is. Limits count people, not their samples."""

    patients: Array
    """(n,) patient of each sample."""
    labels: IntArray | None
    """(n,) of 0/1, or of classes 0..K-1; None where the samples have no classes."""
    least: int
    """Fewest people that may be shown."""
    least_of_class: int
    """Fewest positives, and fewest negatives, that may be shown."""
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Attribute to the groups whose number of samples a reader knows from another report."""

    @cached_property
    def classes(self) -> tuple[BoolArray, ...]:
        """(n,) the negatives, and the positives, or each class; all samples without classes."""
        if self.labels is None:
            return (self.everybody,)
        return tuple(self.labels == k for k in range(max(2, self.labels.max(initial=0) + 1)))

    @cached_property
    def single(self) -> bool:
        """Whether every sample is a person of its own."""
        return len(np.unique(self.patients)) == len(self.patients)

    @property
    def everybody(self) -> BoolArray:
        """(n,) all samples."""
        return np.ones(len(self.patients), dtype=bool)

    def take(self, rows: IntArray) -> "Sizes":
        """Of the samples at these rows."""
        labels = None if self.labels is None else self.labels[rows]
        return replace(self, patients=self.patients[rows], labels=labels)

    def people(self, inside: BoolArray) -> int:
        """How many people have a sample inside (n,)."""
        if self.single:
            return int(inside.sum())
        return len(np.unique(self.patients[inside]))

    def repeats(self, inside: BoolArray) -> int:
        """Most samples inside (n,) of one person; 1 where there are none."""
        if self.single:
            return 1
        return int(np.unique(self.patients[inside], return_counts=True)[1].max(initial=1))

    def few(self, inside: BoolArray) -> str | None:
        """`FEW`, `FEW_OF_A_CLASS`, or None where the samples inside (n,) may be shown.

        A count of 0 may be shown: it speaks of nobody.
        """
        if 0 < self.people(inside) < self.least:
            return FEW
        people = [self.people(inside & of_class) for of_class in self.classes]
        if self.labels is not None and any(0 < n < self.least_of_class for n in people):
            return FEW_OF_A_CLASS
        return None


def sizes_of(cases: Cases, labels: IntArray | None, settings: Settings) -> Sizes:
    """What decides which groups of the samples are too small, by the limits of the settings."""
    patients = np.unique(np.array(cases.patients), return_inverse=True)[1]
    return Sizes(patients, labels, settings.suppress_below, settings.least_of_class)
