"""What the readers of all data sets share.

The scalars of all files are read once, when a split is opened; images are decoded one at a time, as
they are asked for.
"""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np

from fairness.arrays import FloatArray, Image, IntArray
from fairness.attributes import Attribute
from fairness.datasets.marker import is_unfinished, read_marker
from fairness.datasets.npz import Npz
from fairness.datasets.splits import find_files, has_files, is_held_out
from fairness.datasets.values import UnknownCodeError, read_code, read_measurement
from fairness.errors import DataError
from fairness.samples import Sample

PATIENT_KEYS = ("pid", "subject", "patient", "patient_id")


@dataclass(frozen=True)
class Entry:
    """Everything about one file but its arrays."""

    path: Path
    codes: Mapping[str, int]
    covariates: Mapping[str, float]
    patient: str
    digest: bytes
    """SHA-256 of the file's name and of the checksums in its directory."""
    image_checksum: str
    """Equal for equal images."""

    @property
    def id(self) -> str:
        """The id of the sample: the name of its file without the ending."""
        return self.path.stem


EntryT = TypeVar("EntryT", bound=Entry)


class EntrySplit(ABC, Generic[EntryT]):
    """One split, sorted by id: `len()`, `[i]` and repeated iteration give `Sample`s."""

    name: str
    attributes: tuple[Attribute, ...]

    def __init__(
        self, root: Path, split: str, target: str, on_error: Literal["stop", "skip"]
    ) -> None:
        """Begin a split; `_keep` completes it.

        Raises:
            DataError: the data are synthetic, and their writing was interrupted.
        """
        self.root, self.split, self.target = Path(root), split, target
        self._skip = on_error == "skip"
        self._shape: tuple[int, ...] | None = None
        self._skipped: dict[str, str] = {}
        if is_unfinished(self.root):
            raise DataError(
                f"{root}: writing these synthetic data was interrupted; run the same command again"
            )

    def _keep(self, entries: list[EntryT]) -> None:
        """Set the columns.

        Raises:
            DataError: there is no entry.
        """
        if not entries:
            reason = next(iter(self._skipped.values()), "too few patients for a tenth of them")
            raise DataError(f"{self.root}: no usable file in the {self.split} split; {reason}")
        self._entries = entries
        self.ids: tuple[str, ...] = tuple(e.id for e in self._entries)
        self.patients: tuple[str, ...] = tuple(e.patient for e in self._entries)
        self.image_checksums: tuple[str, ...] = tuple(e.image_checksum for e in self._entries)
        self.codes: Mapping[str, IntArray] = {
            a.name: np.array([e.codes[a.name] for e in self._entries], dtype=np.int64)
            for a in self.attributes
        }
        names = sorted({name for e in self._entries for name in e.covariates})
        self.covariates: Mapping[str, FloatArray] = {
            name: np.array([e.covariates.get(name, math.nan) for e in self._entries])
            for name in names
        }

    def require_shape(self, shape: tuple[int, ...]) -> None:
        """From now on an image of any other shape counts as unusable when it is iterated over."""
        self._shape = shape

    def __len__(self) -> int:
        return len(self._entries)

    @abstractmethod
    def __getitem__(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image or mask is broken, whatever `on_error` says.
        """

    def __iter__(self) -> Iterator[Sample]:
        """Decode one sample after another.

        A file whose image or mask turns out to be broken counts in `len()`; with `on_error="skip"`
        iteration leaves it out and records it in `skipped`.
        """
        for index, entry in enumerate(self._entries):
            try:
                sample = self[index]
                if self._shape not in (None, sample.image.shape):
                    raise DataError(
                        f"{entry.id}: an image of {sample.image.shape}, where {self._shape} is "
                        "needed; leave it out by --on-error skip, or export for its size"
                    )
            except DataError as error:
                self._record(entry.id, error)
                continue
            yield sample

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Id of and reason for every file left out so far, each once."""
        return list(self._skipped.items())

    def fingerprint(self) -> str:
        """SHA-256 over the names and checksums of the usable files; the images are not read."""
        return hashlib.sha256(b"".join(e.digest for e in self._entries)).hexdigest()

    def statement(self) -> str | None:
        """What synthetic data say of themselves, for reports; None for anything else."""
        statement = read_marker(self.root).get("statement")
        return statement if isinstance(statement, str) else None

    def _sample(self, index: int, image: Image, target: int | Image, text: str | None) -> Sample:
        entry = self._entries[index]
        covariates = {name: float(v[index]) for name, v in self.covariates.items()}
        return Sample(entry.id, image, target, entry.codes, entry.patient, covariates, text)

    def _record(self, id_: str, error: DataError) -> None:
        if not self._skip:
            raise error
        self._skipped[id_] = str(error)


class NpzSplit(EntrySplit[EntryT]):
    """A split that is a set of npz files, found by lists, folders or `data_summary.csv`."""

    def __init__(
        self,
        root: Path,
        split: str,
        target: str,
        read: Callable[[Path], EntryT],
        on_error: Literal["stop", "skip"],
        *,
        hold_out: bool = False,
    ) -> None:
        """Find the files and read everything but the images.

        Args:
            root: the folder of the data set.
            split: `train`, `val` or `test`.
            target: npz key of what is to be predicted.
            read: reads one file.
            on_error: `stop` at an unusable file, or `skip` it and record it in `skipped`.
            hold_out: where there is no validation split, a tenth of the training patients is it.

        Raises:
            DataError: the split is missing, a file is unusable, or a group code is unknown.
        """
        super().__init__(root, split, target, on_error)
        self.is_carved = hold_out and split in ("train", "val") and not has_files(self.root, "val")
        self._keep(self._read_all(read))

    def _read_all(self, read: Callable[[Path], EntryT]) -> list[EntryT]:
        entries = []
        for path in find_files(self.root, "train" if self.is_carved else self.split):
            try:
                entry = read(path)
            except UnknownCodeError:
                raise
            except DataError as error:
                self._record(path.stem, error)
                continue
            if not self.is_carved or is_held_out(entry.patient) == (self.split == "val"):
                entries.append(entry)
        return entries


def read_common(npz: Npz, image_key: str, keys: Mapping[Attribute, str]) -> Entry:
    """What every npz file says besides image and target; `keys` gives each attribute's key.

    Raises:
        DataError: a value is not what it must be.
    """
    checksums = npz.checksums()
    return Entry(
        path=npz.path,
        codes={a.name: read_code(npz, a, key) for a, key in keys.items()},
        covariates=_read_covariates(npz),
        patient=_read_patient(npz),
        digest=hashlib.sha256("\n".join([npz.path.name, *checksums]).encode()).digest(),
        image_checksum=next((c for c in checksums if c.startswith(f"{image_key} ")), npz.path.name),
    )


def _read_covariates(npz: Npz) -> dict[str, float]:
    """Age in years and visual-field mean deviation in dB; `site` only where it is a number."""
    values = {"age": read_measurement(npz, "age"), "md": read_measurement(npz, "md")}
    if "site" in npz and not isinstance(npz.scalar("site"), str):
        values["site"] = read_measurement(npz, "site")
    return values


def _read_patient(npz: Npz) -> str:
    """The first patient key that says something; else the file is a patient of its own."""
    for key in PATIENT_KEYS:
        if key in npz:
            value = npz.scalar(key)
            if value not in ("", -1) and value == value:  # NaN is unknown too
                return str(int(value) if isinstance(value, float) else value)
    return npz.path.stem
