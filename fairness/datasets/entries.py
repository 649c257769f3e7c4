"""The entries of a split, packed: some 70 bytes a sample, where objects take thousands.

What many samples share (folder, codes, shape, ...) is kept once, as a kind; the rest of an entry is
a row of bytes. An entry is made anew whenever it is asked for.
"""

import hashlib
import marshal
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.attributes import UNKNOWN
from fairness.datasets.column import Column
from fairness.datasets.entry import NOTHING, Entry, Stored, shared
from fairness.datasets.kind import Kind, checksum_of, place_of, sizes_of
from fairness.datasets.place import Place

WIDTH = 13
"""Of a row: id, CRC of the image, patient, the other sizes of its place, name of the file, checksum
of the image, text and sizes of the mask's place; `None` at its end is left out."""

DIGEST, KEPT = 32, 16
"""Bytes of a digest, and of its beginning, which is kept of what has to be decoded."""


class Entries:
    """Entries in the order in which they were added."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Pack entries; `add` takes more."""
        self._rows, self._digests = bytearray(), bytearray()
        self._sum = hashlib.sha256()
        self._ends = array("I", [0])
        self._numbers: dict[Kind, int] = {}
        self._kinds: list[Kind] = []
        self._usual: list[tuple[int | None, ...]] = []
        """Of each kind, where the first image lies and how large its file is: mostly as all."""
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
        if place is not None and checksum != checksum_of(str(key), place):
            key = None
        kind = Kind(
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
            self._usual.append(sizes_of(place)[1:])
        self._kind_of.append(number)
        for measured, value in entry.covariates.items():
            column = self._measured.setdefault(measured, array("d"))
            column.extend([math.nan] * (index - len(column)))
            column.append(value)
        if entry.inputs:
            self._inputs[index] = entry.inputs
        crc, *sizes = sizes_of(place)
        row = [
            entry.id,
            crc,
            None if entry.patient == entry.id else entry.patient,
            *(
                None if s == usual else s
                for s, usual in zip(sizes, self._usual[number], strict=True)
            ),
            None if name == f"{entry.id}.npz" else name,
            None if key is not None or checksum == name else checksum,
            entry.text,
            *(sizes_of(mask) if mask is not None else ()),
        ]
        while row[-1] is None:
            row.pop()
        self._rows += marshal.dumps(tuple(row))
        if any(p is None or p.is_deflated for p in (place, mask or place)):
            self._digests += bytes(KEPT * index - len(self._digests)) + entry.digest[:KEPT]
        self._sum.update(entry.digest)
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
            place=self._place(index, row),
            mask_place=place_of(kind.mask_place, row[9:]),
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
            self._place(index, row),
            place_of(kind.mask_place, row[9:]),
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

    def close(self) -> str:
        """SHA-256 over the digests of all entries, as hexadecimal digits. Then none is added."""
        found = self._sum.hexdigest()
        del self._sum  # it cannot be sent to another process
        return found

    def digest_of(self, index: int) -> bytes:
        """The first half of the digest of an entry; zeros or nothing where none is kept."""
        return bytes(self._digests[KEPT * index : KEPT * (index + 1)])

    def with_codes(self, name: str, codes: IntArray) -> "Entries":
        """The same with codes (n,) of one more attribute."""
        found = Entries(
            replace(entry, codes={**entry.codes, name: int(code)})
            for entry, code in zip(self, codes, strict=True)
        )
        found._sum = self._sum
        return found

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
        return str(row[0] if row[2] is None else row[2])

    def _checksum(self, index: int) -> str:
        row, kind = self._row(index), self._kinds[self._kind_of[index]]
        place = self._place(index, row)
        if kind.key is not None and place is not None:
            return checksum_of(kind.key, place)
        return str((row[6] or f"{row[0]}.npz") if row[7] is None else row[7])

    def _place(self, index: int, row: tuple[Any, ...]) -> Place | None:
        """Of the image of an entry."""
        number, sizes = self._kind_of[index], row[3:6]
        usual = self._usual[number]
        if sizes != (None, None, None):
            usual = tuple(u if s is None else s for s, u in zip(sizes, usual, strict=True))
        return place_of(self._kinds[number].place, (row[1], *usual))

    def _shape(self, index: int) -> tuple[int, ...]:
        return self._kinds[self._kind_of[index]].shape
