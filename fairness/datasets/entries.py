"""The entries of a split, packed: some 120 bytes a sample, where objects take thousands.

What many samples share (folder, codes, shape, ...) is kept once, as a kind; the rest of an entry is
a row of bytes. An entry is made anew whenever it is asked for.
"""

import hashlib
import marshal
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.datasets.column import Column
from fairness.datasets.entry import NOTHING, Entry, Stored, shared
from fairness.datasets.place import Place

WIDTH = 13
"""Of a row: id, patient, sizes of the image's place, name of the file, checksum of the image, text
and sizes of the mask's place; `None` at its end is left out."""

DIGEST = 32
"""Bytes of a digest."""


class _Kind(NamedTuple):
    """What is the same for many samples."""

    folder: str
    codes: tuple[tuple[str, int], ...]
    measured: tuple[str, ...]
    """Names of the covariates."""
    shape: tuple[int, ...]
    label: int
    labels: tuple[int, ...]
    words: tuple[tuple[str, str], ...]
    place: tuple[bool, str, int] | None
    """Of the image: whether it is deflated, type and size."""
    mask_place: tuple[bool, str, int] | None
    key: str | None
    """Of the image, where the name, CRC and size of its array are its checksum."""


class Entries:
    """Entries in the order in which they were added."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Pack entries; `add` takes more."""
        self._rows, self._digests = bytearray(), bytearray()
        self._ends = array("I", [0])
        self._numbers: dict[_Kind, int] = {}
        self._kinds: list[_Kind] = []
        self._kind_of = array("I")
        self._measured: dict[str, array[float]] = {}
        self._inputs: dict[int, Mapping[str, Array]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Pack one entry."""
        index, path = len(self._kind_of), str(entry.path)
        folder, _, name = path.rpartition("/")
        place, mask, checksum = entry.place, entry.mask_place, entry.image_checksum
        key = None if place is None else checksum.partition(" ")[0]
        if place is not None and checksum != _checksum(str(key), place):
            key = None
        kind = _Kind(
            folder or str(entry.path.parent),
            tuple(entry.codes.items()),
            tuple(entry.covariates),
            entry.shape,
            entry.label,
            entry.labels,
            tuple(entry.words.items()),
            place and (place.is_deflated, place.type, place.size),
            mask and (mask.is_deflated, mask.type, mask.size),
            key,
        )
        number = self._numbers.setdefault(kind, len(self._kinds))
        if number == len(self._kinds):
            self._kinds.append(kind)
        self._kind_of.append(number)
        for measured, value in entry.covariates.items():
            column = self._measured.setdefault(measured, array("d"))
            column.extend([math.nan] * (index - len(column)))
            column.append(value)
        if entry.inputs:
            self._inputs[index] = entry.inputs
        row = [
            entry.id,
            None if entry.patient == entry.id else entry.patient,
            *_sizes(place),
            None if name == f"{entry.id}.npz" else name,
            None if key is not None or checksum == name else checksum,
            entry.text,
            *(_sizes(mask) if mask is not None else ()),
        ]
        while row[-1] is None:
            row.pop()
        self._rows += marshal.dumps(tuple(row))
        self._digests += entry.digest
        if len(self._rows) >= 2**32 and self._ends.typecode == "I":
            self._ends = array("Q", self._ends)
        self._ends.append(len(self._rows))

    def __len__(self) -> int:
        return len(self._kind_of)

    def __iter__(self) -> Iterator[Entry]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: int) -> Entry:
        index = range(len(self))[index]
        row = self._row(index)
        id_, name, text = row[0], row[6], row[8]
        kind = self._kinds[self._kind_of[index]]
        return Entry(
            id=id_,
            path=Path(kind.folder, name or f"{id_}.npz"),
            codes=shared(kind.codes),
            covariates={name: self._measured[name][index] for name in kind.measured},
            patient=self._patient(index),
            digest=self.digest_of(index),
            image_checksum=self._checksum(index),
            shape=kind.shape,
            label=kind.label,
            labels=kind.labels,
            text=text,
            inputs=self._inputs.get(index, NOTHING),
            place=_place(kind.place, row[2:6]),
            mask_place=_place(kind.mask_place, row[9:]),
            words=dict(kind.words) if kind.words else NOTHING,
        )

    def stored(self, index: int) -> Stored:
        """What reading the image of an entry needs."""
        row, kind = self._row(index), self._kinds[self._kind_of[index]]
        id_ = row[0]
        return Stored(
            id_,
            f"{kind.folder}/{row[6] or f'{id_}.npz'}",
            shared(kind.codes),
            kind.shape,
            kind.label,
            kind.labels,
            row[8],
            self._inputs.get(index, NOTHING),
            _place(kind.place, row[2:6]),
            _place(kind.mask_place, row[9:]),
        )

    def ids(self) -> Column[str]:
        """Ids of all entries."""
        return Column(len(self), self._id)

    def patients(self) -> Column[str]:
        """Patients of all entries."""
        return Column(len(self), self._patient)

    def image_checksums(self) -> Column[str]:
        """Those of all entries."""
        return Column(len(self), self._checksum)

    def shapes(self) -> Column[tuple[int, ...]]:
        """Shapes of all images."""
        return Column(len(self), self._shape)

    def digest(self) -> str:
        """SHA-256 over the digests of all entries, as hexadecimal digits."""
        return hashlib.sha256(self._digests).hexdigest()

    def digest_of(self, index: int) -> bytes:
        """The digest of an entry."""
        return bytes(self._digests[DIGEST * index : DIGEST * (index + 1)])

    def codes(self, name: str) -> IntArray:
        """Codes (n,) of an attribute."""
        return self._of_kinds([dict(kind.codes)[name] for kind in self._kinds])

    def labels(self) -> IntArray | None:
        """Labels (n,), or several of each entry (n, L); None where there are none."""
        first = self._kinds[self._kind_of[0]]
        if first.label == UNKNOWN and not first.labels:
            return None
        return self._of_kinds([kind.labels or kind.label for kind in self._kinds])

    def covariates(self) -> dict[str, FloatArray]:
        """Name to numbers (n,), NaN where an entry has none; sorted by name. Then none is added."""
        for column in self._measured.values():
            column.extend([math.nan] * (len(self) - len(column)))
        return {name: np.frombuffer(self._measured[name]) for name in sorted(self._measured)}

    def _of_kinds(self, values: Sequence[Any]) -> IntArray:
        found: IntArray = np.array(values, dtype=np.int64)[np.array(self._kind_of)]
        return found

    def _row(self, index: int) -> tuple[Any, ...]:
        with memoryview(self._rows) as rows:
            row: tuple[Any, ...] = marshal.loads(rows[self._ends[index] : self._ends[index + 1]])
        row += (None,) * (WIDTH - len(row))
        return row  # what `add` wrote, nothing that comes from a file

    def _id(self, index: int) -> str:
        return str(self._row(index)[0])

    def _patient(self, index: int) -> str:
        row = self._row(index)
        return str(row[0] if row[1] is None else row[1])

    def _checksum(self, index: int) -> str:
        row, kind = self._row(index), self._kinds[self._kind_of[index]]
        place = _place(kind.place, row[2:6])
        if kind.key is not None and place is not None:
            return _checksum(kind.key, place)
        return str((row[6] or f"{row[0]}.npz") if row[7] is None else row[7])

    def _shape(self, index: int) -> tuple[int, ...]:
        return self._kinds[self._kind_of[index]].shape


def _checksum(key: str, place: Place) -> str:
    """Of an image whose array has that name, as `Npz.checksums` gives it."""
    return f"{key} {place.crc:08x} {place.size}"


def _sizes(place: Place | None) -> tuple[int | None, ...]:
    """Offset, packed where the file is deflated, CRC, bytes of the file."""
    if place is None:
        return (None,) * 4
    packed = place.packed if place.packed != place.size else None
    return place.offset, packed, place.crc - 2**31, place.whole  # four bytes of a number with sign


def _place(said: tuple[bool, str, int] | None, sizes: tuple[Any, ...]) -> Place | None:
    """The place again."""
    if said is None:
        return None
    (is_deflated, kind, size), (offset, packed, crc, whole) = said, sizes
    packed = size if packed is None else packed
    return Place(offset, packed, size, crc + 2**31, is_deflated, kind, whole)
