"""A split whose samples are files: columns read once, images decoded one at a time.

The scalars and headers of all files are read when a split is opened. A file whose image turns out
to be broken later still counts in `len()`.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fairness.arrays import Array, FloatArray, Image, IntArray
from fairness.attributes import Attribute
from fairness.datasets.code_version import code_version, decoders
from fairness.datasets.column import Columns
from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry, Stored
from fairness.datasets.entry_rows import WIDTH
from fairness.datasets.folder_index import FolderIndex
from fairness.datasets.further import as_groups
from fairness.datasets.marker import is_unfinished, read_marker
from fairness.datasets.place import read_place
from fairness.datasets.reader import Options
from fairness.errors import DataError
from fairness.samples import Sample


class FileSplit(ABC):
    """One split, sorted by id (`reader.Split`)."""

    name: str
    default_target: ClassVar[str]
    attributes: tuple[Attribute, ...]
    labels: IntArray | None = None
    label_names: tuple[str, ...] = ()
    reader_labels: Mapping[str, IntArray] = {}
    notes: tuple[str, ...] = ()
    image_type: np.dtype[Any] = np.dtype(np.uint8)
    _further: tuple[str, ...] = ()
    """Names of attributes beside the reader's own."""
    _columns: tuple[str, ...] = ()
    """Of the csv beside the files, in which they are looked for, too."""

    def __init__(self, root: Path, split: str, options: Options) -> None:
        """Begin a split; `_keep` completes it.

        Raises:
            DataError: the data are synthetic, and their writing was interrupted.
        """
        self.root, self.split = Path(root), split
        self.target = options.get("target") or self.default_target
        self._skips = options.get("on_error", "stop") == "skip"
        self._shape = options.get("shape")
        self._skipped: dict[str, str] = {}
        if is_unfinished(self.root):
            raise DataError(
                f"{root}: writing these synthetic data was interrupted; run the same command again"
            )

    def _keep(self, entries: Entries) -> None:
        """Set the columns.

        Raises:
            DataError: there is no entry.
            UsageError: a further attribute is in no file, or is none.
        """
        if not len(entries):
            reason = next(iter(self._skipped.values()), "too few patients for a tenth of them")
            raise DataError(f"{self.root}: no usable file in the {self.split} split; {reason}")
        entries = self._with_further(entries)
        self._entries, self._fingerprint = entries, entries.close()
        self.ids: Sequence[str] = entries.ids()
        self.patients: Sequence[str] = entries.patients()
        self.image_checksums: Sequence[str] = entries.image_checksums()
        self.shapes: Sequence[tuple[int, ...]] = entries.shapes()
        names = tuple(a.name for a in self.attributes)
        self.codes: Mapping[str, IntArray] = Columns(names, entries.codes)
        labels = entries.labels()
        if labels is not None:
            self.labels = labels
        self.covariates: Mapping[str, FloatArray] = {
            name: values
            for name, values in entries.covariates().items()
            if name not in self._further
        }

    def _index(self, options: Options) -> FolderIndex:
        """What the files of this split said to this reader the last time."""
        kind = f"{type(self).__name__} {self.split} {self.target} {self._further}"
        return FolderIndex(self.root, kind, WIDTH, is_used=options.get("index", True))

    def _with_further(self, entries: Entries) -> Entries:
        """The entries with codes of the further attributes, which become attributes."""
        for name in self._further:
            attribute, codes = as_groups(
                self.root, name, entries, self._columns, self.target, self.attributes
            )
            self.attributes = (*self.attributes, attribute)
            entries = entries.with_codes(name, codes)
        return entries

    def __len__(self) -> int:
        return len(self._entries)

    def read(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image or mask is broken, or the image has another shape than is needed,
                whatever `on_error` says.
        """
        entry = self._entries[index]
        if entry.place is None:
            return self._read(entry)
        return self.read_into(index, np.empty(entry.shape, self.image_type))

    def read_into(self, index: int, out: Array) -> Sample:
        """As `read`, with the image in `out`, which has the shape and type of the split's image.

        Raises:
            DataError: as `read`.
        """
        one = self._entries.stored(index)
        is_quick = one.place is not None and out.shape == (self._shape or one.shape)
        if is_quick and one.place and read_place(one.path, one.place, out) and _is_grey(out):
            return Sample(one.id, out, self._target(one), one.codes, one.text, one.inputs)
        entry = self._entries[index]
        sample = self._read(entry)
        if sample.image.shape != out.shape or sample.image.dtype != out.dtype:
            raise DataError(
                f"{entry.path}: its image was {out.dtype} of shape {out.shape} when the split was "
                f"opened, and is {sample.image.dtype} of shape {sample.image.shape} now; leave the "
                "data alone while they are read"
            )
        out[...] = sample.image
        return replace(sample, image=out)

    def _read(self, entry: Entry) -> Sample:
        """Decode one sample; arguments and errors of `read`."""
        image, target = self._decode(entry)
        needed = self._shape or entry.shape or image.shape
        if image.shape != needed:
            raise DataError(
                f"{entry.id}: an image of {image.shape}, where {needed} is needed; leave it out by "
                "--on-error skip, or export for its size"
            )
        return Sample(entry.id, image, target, entry.codes, entry.text, entry.inputs)

    def origin(self, index: int) -> bytes | None:
        """As `reader.Split.origin`; arrays that are stored as they are have none."""
        one = self._entries.stored(index)
        places = [place for place in (one.place, one.mask_place) if place is not None]
        if not one.shape or (places and not any(p.is_deflated for p in places)):
            return None
        if self._how is None:
            return None
        said = f"{self._how} {one.shape} {self._content(index)}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest().encode()

    @cached_property
    def _how(self) -> str | None:
        """As `_decoding`, with the shape and type that are needed."""
        how = self._decoding()
        return None if how is None else f"{how} {self._shape} {self.image_type}"

    def _decoding(self) -> str | None:
        """How images are decoded, beside what their files hold; None where nobody can say."""
        return f"{type(self).__name__} {code_version()} {decoders()}"

    def _content(self, index: int) -> str:
        """What the files of a sample hold: of npz files, checksums of all arrays and the name."""
        return self._entries.digest_of(index).hex()

    def sample(self, index: int, image: Array, mask: Image | None) -> Sample:
        """A sample whose image, and mask where it is its target, are known already."""
        one = self._entries.stored(index)
        label = np.array(one.labels) if one.labels else one.label
        target = label if mask is None else mask
        return Sample(one.id, image, target, one.codes, one.text, one.inputs)

    def _target(self, one: Stored) -> int | Image:
        """Target of a sample whose image was read from its place."""
        return one.label

    @abstractmethod
    def _decode(self, entry: Entry) -> tuple[Array, int | IntArray | Image]:
        """Read image and target of one sample."""

    def leave_out(self, index: int, error: DataError) -> None:
        """Record a sample as unusable; with `on_error="stop"` raise the error instead."""
        self._record(self.ids[index], error)

    def _record(self, id_: str, error: DataError) -> None:
        if not self._skips:
            raise error
        self._skipped[id_] = str(error)

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Id of and reason for every file left out so far, each once."""
        return list(self._skipped.items())

    def fingerprint(self) -> str:
        """SHA-256 over the names and checksums of the usable files; the images are not read."""
        return self._fingerprint

    def statement(self) -> str | None:
        """Statement of synthetic data about themselves, for reports; None for anything else."""
        statement = read_marker(self.root).get("statement")
        return statement if isinstance(statement, str) else None


def _is_grey(image: Array) -> bool:
    """Whether an image surely has grey levels beyond 0 and 1; half of it mostly tells."""
    return bool(image[len(image) // 2].max() > 1 or image.max() > 1)
