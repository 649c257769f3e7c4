"""What every reader of a data set offers; whoever streams, groups or journals a split needs it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import Attribute
from fairness.samples import Sample


class Split(Protocol):
    """One split of a data set, sorted by id; images are decoded one at a time."""

    root: Path
    split: str
    target: str
    """Key of what is to be predicted."""
    attributes: tuple[Attribute, ...]
    ids: tuple[str, ...]
    patients: tuple[str, ...]
    codes: Mapping[str, IntArray]
    """Attribute name to group codes (n,), -1 where unknown."""
    covariates: Mapping[str, FloatArray]
    image_checksums: tuple[str, ...]
    """Equal for equal images."""

    @property
    def name(self) -> str:
        """Of the reader, e.g. `fairvlmed`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...

    def __iter__(self) -> Iterator[Sample]: ...

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Id of and reason for every sample left out so far."""

    def fingerprint(self) -> str:
        """SHA-256 that changes with any file of the split."""

    def statement(self) -> str | None:
        """What synthetic data say of themselves."""


class LabelledSplit(Split, Protocol):
    """A split whose target is a 0/1 label."""

    labels: IntArray
    """(n,)."""
