"""A split in memory: n small images whose grey level is their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fairness.arrays import Array, FloatArray, Image, IntArray
from fairness.attributes import RACE, Attribute
from fairness.errors import DataError
from fairness.samples import Sample


@dataclass
class SmallSplit:
    n: int
    root: Path = Path("memory")
    split: str = "test"
    target: str = "glaucoma"
    name: str = "small"
    notes: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    broken: frozenset[int] = frozenset()
    """Samples whose images cannot be read."""
    skip: bool = False
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = np.arange(self.n)
        self.image_type: np.dtype[np.generic] = np.dtype(np.uint8)
        self.attributes: tuple[Attribute, ...] = (RACE,)
        self.ids: tuple[str, ...] = tuple(f"s{i:04d}" for i in numbers)
        self.patients: tuple[str, ...] = tuple(f"p{i // 2}" for i in numbers)
        self.codes: Mapping[str, IntArray] = {"race": numbers % 3 - 1}
        self.covariates: Mapping[str, FloatArray] = {"age": 40.0 + numbers}
        self.labels: IntArray | None = numbers % 2
        self.reader_labels: Mapping[str, IntArray] = {}
        self.shapes: Sequence[tuple[int, ...]] = [(4, 3 + i % 2) for i in numbers]
        self.image_checksums: tuple[str, ...] = self.ids

    def __len__(self) -> int:
        return self.n

    def read(self, index: int) -> Sample:
        if index in self.broken:
            raise DataError(f"{self.ids[index]}: broken")
        image = np.full(self.shapes[index], index, np.uint8)
        return Sample(self.ids[index], image, index % 2, {"race": index % 3 - 1})

    def read_into(self, index: int, out: Array) -> Sample:
        sample = self.read(index)
        out[...] = sample.image
        return replace(sample, image=out)

    def origin(self, index: int) -> bytes | None:
        return None

    def sample(self, index: int, image: Array, mask: Image | None) -> Sample:
        return Sample(self.ids[index], image, index % 2, {"race": index % 3 - 1})

    def leave_out(self, index: int, error: DataError) -> None:
        if not self.skip:
            raise error
        self.skipped.append((self.ids[index], str(error)))

    def fingerprint(self) -> str:
        return "0" * 64

    def statement(self) -> str | None:
        return None
