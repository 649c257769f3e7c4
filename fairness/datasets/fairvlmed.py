"""Reads Harvard-FairVLMed (Luo et al., FairCLIP, CVPR 2024), and everything in its layout.

One npz a sample, with an SLO fundus image, a 0/1 label and demographic codes; docs/data.md lists
the layouts and keys. The scalars of all files are read once, when a split is opened; images are
decoded one at a time, as they are asked for.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, MARITAL_STATUS, RACE, Attribute
from fairness.datasets.marker import is_unfinished, read_marker
from fairness.datasets.notes import LABEL_TEXTS, Notes, find_notes
from fairness.datasets.npz import Npz
from fairness.datasets.splits import find_files
from fairness.datasets.values import (
    UnknownCodeError,
    read_code,
    read_image,
    read_label,
    read_measurement,
)
from fairness.errors import DataError
from fairness.samples import Sample

IMAGE_KEY = "slo_fundus"
PATIENT_KEYS = ("subject", "patient", "patient_id")
ATTRIBUTES = (RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS)


@dataclass(frozen=True)
class Entry:
    """Everything about one file but its image."""

    path: Path
    label: int
    codes: Mapping[str, int]
    covariates: Mapping[str, float]
    patient: str
    text: str | None
    digest: bytes
    """SHA-256 of the file's name and of the checksums in its directory."""
    image_checksum: str
    """Equal for equal images."""


class FairVLMed:
    """One split, sorted by file name: `len()`, `[i]` and repeated iteration give `Sample`s."""

    name = "fairvlmed"

    def __init__(
        self,
        root: Path,
        split: str,
        *,
        target: str = "glaucoma",
        text_source: Literal["note", "label"] | None = None,
        on_error: Literal["stop", "skip"] = "stop",
    ) -> None:
        """Find the files and read everything but the images.

        Args:
            root: the folder that holds the split folders or `data_summary.csv`.
            split: `train`, `val` or `test`.
            target: npz key of a 0/1 label.
            text_source: what `Sample.text` is: the `note`, the prompt of the `label`, or None.
            on_error: `stop` at an unusable file, or `skip` it and record it in `skipped`.

        Raises:
            DataError: the split is missing, a file is unusable, or a group code is unknown.
        """
        self.root, self.split, self.target = Path(root), split, target
        self.attributes: tuple[Attribute, ...] = ATTRIBUTES
        self._skip = on_error == "skip"
        self._skipped: dict[str, str] = {}
        if is_unfinished(self.root):
            raise DataError(
                f"{root}: writing these synthetic data was interrupted; run the same command again"
            )
        notes = find_notes(self.root) if text_source == "note" else None
        self._entries: list[Entry] = []
        for path in find_files(self.root, split):
            try:
                self._entries.append(read_entry(path, target, text_source, notes))
            except UnknownCodeError:
                raise
            except DataError as error:
                self._record(path, error)
        if not self._entries:
            raise DataError(
                f"{self.root}: no usable file in the {split} split; {self.skipped[0][1]}"
            )
        self.ids: tuple[str, ...] = tuple(e.path.stem for e in self._entries)
        self.patients: tuple[str, ...] = tuple(e.patient for e in self._entries)
        self.image_checksums: tuple[str, ...] = tuple(e.image_checksum for e in self._entries)
        self.labels: IntArray = np.array([e.label for e in self._entries], dtype=np.int64)
        self.codes: Mapping[str, IntArray] = {
            a.name: np.array([e.codes[a.name] for e in self._entries], dtype=np.int64)
            for a in ATTRIBUTES
        }
        names = sorted({name for e in self._entries for name in e.covariates})
        self.covariates: Mapping[str, FloatArray] = {
            name: np.array([e.covariates.get(name, math.nan) for e in self._entries])
            for name in names
        }

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image is broken, whatever `on_error` says.
        """
        entry = self._entries[index]
        with Npz(entry.path) as npz:
            image = read_image(npz, IMAGE_KEY)
        return Sample(
            id=entry.path.stem,
            image=image,
            target=entry.label,
            attributes=entry.codes,
            patient=entry.patient,
            covariates={name: float(v[index]) for name, v in self.covariates.items()},
            text=entry.text,
        )

    def __iter__(self) -> Iterator[Sample]:
        """Decode one sample after another.

        A file whose image turns out to be broken counts in `len()` and `labels`; with
        `on_error="skip"` iteration leaves it out and records it in `skipped`.
        """
        for index, entry in enumerate(self._entries):
            try:
                sample = self[index]
            except DataError as error:
                self._record(entry.path, error)
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

    def _record(self, path: Path, error: DataError) -> None:
        if not self._skip:
            raise error
        self._skipped[path.stem] = str(error)


def read_entry(path: Path, target: str, text_source: str | None, notes: Notes | None) -> Entry:
    """Everything about one file but its image.

    Raises:
        DataError: the file is broken, a value is not what it must be, or its note is empty.
    """
    with Npz(path) as npz:
        npz.require(IMAGE_KEY)
        checksums = npz.checksums()
        label = read_label(npz, target)
        text = LABEL_TEXTS[label] if text_source == "label" else None
        return Entry(
            path=path,
            label=label,
            codes={attribute.name: read_code(npz, attribute) for attribute in ATTRIBUTES},
            covariates=_read_covariates(npz),
            patient=_read_patient(npz),
            text=notes.read(npz) if notes else text,
            digest=hashlib.sha256("\n".join([path.name, *checksums]).encode()).digest(),
            image_checksum=next((c for c in checksums if c.startswith(f"{IMAGE_KEY} ")), path.name),
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
