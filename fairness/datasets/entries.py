"""The entries of a split, packed: hundreds of bytes a sample, where objects take thousands.

What many samples share (folder, codes, shape, ...) is kept once, as a kind; the rest of an entry is
a row of bytes. An entry is made anew whenever it is asked for.
"""

import marshal
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.datasets.column import Column
from fairness.datasets.entry import NOTHING, Entry, shared
from fairness.datasets.place import Place


class _Kind(NamedTuple):
    """What is the same for many samples."""

    parent: Path
    codes: tuple[tuple[str, int], ...]
    measured: tuple[str, ...]
    """Names of the covariates."""
    shape: tuple[int, ...]
    label: int
    labels: tuple[int, ...]
    words: tuple[tuple[str, str], ...]
    places: tuple[tuple[bool, str] | None, ...]
    """Of the image and of the mask, what is no number of bytes."""


class Entries:
    """Entries in the order in which they were added."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Pack entries; `add` takes more."""
        self._rows, self._ends = bytearray(), array("Q", [0])
        self._kinds: dict[_Kind, int] = {}
        self._kind: list[_Kind] = []
        self._inputs: dict[int, Mapping[str, Array]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Pack one entry."""
        places = (entry.place, entry.mask_place)
        kind = _Kind(
            entry.path.parent,
            tuple(entry.codes.items()),
            tuple(entry.covariates),
            entry.shape,
            entry.label,
            entry.labels,
            tuple(entry.words.items()),
            tuple(p and (p.is_deflated, p.type) for p in places),
        )
        number = self._kinds.setdefault(kind, len(self._kinds))
        if number == len(self._kind):
            self._kind.append(kind)
        name, checksum = entry.path.name, entry.image_checksum
        if entry.inputs:
            self._inputs[len(self)] = entry.inputs
        row = (
            number,
            entry.id,
            None if name == f"{entry.id}.npz" else name,
            None if entry.patient == entry.id else entry.patient,
            None if checksum == name else checksum,
            entry.digest,
            entry.text,
            *entry.covariates.values(),
            *(n for p in places if p for n in (p.offset, p.packed, p.size, p.crc, p.whole)),
        )
        self._rows += marshal.dumps(row)
        self._ends.append(len(self._rows))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Entry:
        number, id_, name, patient, checksum, digest, text, *numbers = self._row(index)
        kind: _Kind = self._kind[number]
        name, count = name or f"{id_}.npz", len(kind.measured)
        sizes = iter(numbers[count:])
        places = [said and _place(sizes, *said) for said in kind.places]
        return Entry(
            id=id_,
            path=kind.parent / name,
            codes=shared(kind.codes),
            covariates=dict(zip(kind.measured, numbers[:count], strict=True)),
            patient=id_ if patient is None else patient,
            digest=digest,
            image_checksum=name if checksum is None else checksum,
            shape=kind.shape,
            label=kind.label,
            labels=kind.labels,
            text=text,
            inputs=self._inputs.get(range(len(self))[index], NOTHING),
            place=places[0],
            mask_place=places[1],
            words=dict(kind.words) if kind.words else NOTHING,
        )

    def ids(self) -> Column[str]:
        """Ids of all entries."""
        return Column(len(self), self._id)

    def patients(self) -> Column[str]:
        """Patients of all entries."""
        return Column(len(self), self._patient)

    def image_checksums(self) -> Column[str]:
        """Of all entries."""
        return Column(len(self), self._checksum)

    def shapes(self) -> Column[tuple[int, ...]]:
        """Of all entries."""
        return Column(len(self), self._shape)

    def digests(self) -> Iterator[bytes]:
        """Of all entries."""
        return (self._row(i)[5] for i in range(len(self)))

    def codes(self, name: str) -> IntArray:
        """Codes (n,) of an attribute."""
        return self._of_kinds([dict(kind.codes)[name] for kind in self._kind])

    def labels(self) -> IntArray | None:
        """Labels (n,), or several of each entry (n, L); None where there are none."""
        first = self._kind[self._row(0)[0]]
        if first.label == UNKNOWN and not first.labels:
            return None
        return self._of_kinds([kind.labels or kind.label for kind in self._kind])

    def covariates(self) -> dict[str, FloatArray]:
        """Name to numbers (n,), NaN where an entry has none; sorted by name."""
        names = sorted({name for kind in self._kind for name in kind.measured})
        found = {name: np.full(len(self), math.nan) for name in names}
        for i in range(len(self)):
            row = self._row(i)
            for name, value in zip(self._kind[row[0]].measured, row[7:], strict=False):
                found[name][i] = value
        return found

    def _of_kinds(self, values: Sequence[Any]) -> IntArray:
        rows = np.fromiter((self._row(i)[0] for i in range(len(self))), np.int64, len(self))
        return np.array(values, dtype=np.int64)[rows]

    def _row(self, index: int) -> tuple[Any, ...]:
        index = range(len(self))[index]
        start, end = self._ends[index], self._ends[index + 1]
        row: tuple[Any, ...] = marshal.loads(memoryview(self._rows)[start:end])  # our own, above
        return row

    def _id(self, index: int) -> str:
        return str(self._row(index)[1])

    def _patient(self, index: int) -> str:
        row = self._row(index)
        return str(row[1] if row[3] is None else row[3])

    def _checksum(self, index: int) -> str:
        row = self._row(index)
        return str((row[2] or f"{row[1]}.npz") if row[4] is None else row[4])

    def _shape(self, index: int) -> tuple[int, ...]:
        kind: _Kind = self._kind[self._row(index)[0]]
        return kind.shape


def _place(sizes: Iterator[int], is_deflated: bool, kind: str) -> Place:
    """A place from the next five of some numbers."""
    offset, packed, size, crc, whole = islice(sizes, 5)
    return Place(offset, packed, size, crc, is_deflated, kind, whole)
