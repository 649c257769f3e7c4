"""Reads FairFedMed-Chest (FairFedMed, IEEE TMI 2025): radiographs of several hospitals.

A csv a site, attribute and split, with labels and group codes, beside PNG or JPEG files of varying
sizes: CheXpert and MIMIC-CXR as published, any others in this layout.
"""

import hashlib
import re
from pathlib import Path

from fairness.arrays import Image
from fairness.attributes import GENDER, Attribute
from fairness.datasets.code_version import decoders
from fairness.datasets.decode import format_of
from fairness.datasets.entry import Entry
from fairness.datasets.federated import FederatedSplit, sample_id
from fairness.datasets.file_rows import Content, content_of, sound_content_of
from fairness.datasets.folder_index import FolderIndex, remembered
from fairness.datasets.reader import Options
from fairness.datasets.sites import Line
from fairness.datasets.squash import squash
from fairness.datasets.values import UnknownCodeError
from fairness.errors import DataError
from fairness.unknown import is_unknown

# Codes as the columns of the csv files have them: race in an order of their own, which is not that
# of the eye data; age 60 counts as 60+.
RACE = Attribute("race", ("White", "Asian", "Black"))
AGE = Attribute("age", ("0-60", "60+"))

FOLDERS = ("", "files_336p", "images")
"""Where the pictures of a site may lie, below the folder of the csv files: the first that fits."""

_PATIENT = re.compile(r"(?:^|/)(patient\d+|p\d{8}|\d{8}(?=_\d{3}\.))")
"""How CheXpert, MIMIC-CXR and ChestX-ray14 name the patient in the path of a picture."""


class FairFedMedChest(FederatedSplit):
    """One split over some or all sites; images (H, W) uint8, of varying sizes or squashed to one.

    Every image is squashed to `shape` (H, W); None leaves it as stored. A group is written as a
    code or as its name (`Female`), whatever the case. The patient is the column `patient`, or what
    the file's path says, or else each file is a patient.
    """

    name = "fairfedmed-chest"
    prefix = ""
    recorded = (RACE, GENDER, AGE)
    default_target = "disease_label"

    def _read_entry(self, line: Line, name: str) -> Entry:
        codes = {attribute.name: read_code(line, attribute) for attribute in self.recorded}
        label = read_label(line, self.target)
        path = self._find(line, name)
        try:
            of_row = content_of if self._shape else sound_content_of
            checksum, shape = remembered(path, self._known, self._content_of, tuple, of_row)
        except OSError as error:
            raise line.fault(f"{path} cannot be read ({error.strerror}); fetch it again") from None
        said = f"{name} {checksum} {label} {sorted(codes.items())}"
        return Entry(
            id=sample_id(name),
            path=path,
            codes=codes,
            covariates={},
            patient=read_patient(line, name),
            digest=hashlib.sha256(said.encode()).digest(),
            image_checksum=checksum,
            shape=self._shape or shape,
            label=label,
        )

    def _index(self, options: Options) -> FolderIndex:
        kind = f"{type(self).__name__} {self.split} {self._shape is None} {decoders()}"
        return FolderIndex(self.root, kind, 2, is_used=options.get("index", True))

    def _content_of(self, path: Path) -> Content:
        """The shape as stored where it counts."""
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        return Content(checksum, () if self._shape else _stored_shape(path))

    def _find(self, line: Line, name: str) -> Path:
        for folder in FOLDERS:
            if (path := self.root / folder / name).is_file():
                return path
        raise line.fault(
            f"no {self.root / name}, nor in {' or '.join(FOLDERS[1:])} there; fetch it, or go on "
            "without it by --on-error skip"
        )

    def _content(self, index: int) -> str:
        return self.image_checksums[index]

    def _decode(self, entry: Entry) -> tuple[Image, int]:
        image = format_of(entry.path).decode(entry.path, None)
        if self._shape:
            image = squash(image, (self._shape[0], self._shape[1]))
        return image, entry.label


def _stored_shape(path: Path) -> tuple[int, ...]:
    try:
        return format_of(path).shape(path, None)
    except DataError:
        return ()  # found broken when it is decoded


def read_code(line: Line, attribute: Attribute) -> int:
    """The group code of one row: from a code, a group's name, or what stands for unknown.

    Raises:
        UnknownCodeError: it is anything else.
    """
    text = line.values.get(f"{attribute.name}_label", "")
    code = attribute.code(text)
    if code is not None:
        return code
    known = ", ".join(f"{code} {group}" for code, group in enumerate(attribute.groups))
    raise UnknownCodeError(
        f"{line.table} row {line.number}: {attribute.name}_label is '{text}', known are {known}, "
        "-1 unknown; this copy is coded differently: write the names of the groups instead"
    )


def read_label(line: Line, column: str) -> int:
    """The 0/1 label of one row.

    Raises:
        DataError: the column is absent, or its value is anything else.
    """
    if column not in line.values:
        raise line.fault(f"no column '{column}'; it has {', '.join(line.values)}; name one of them")
    if (text := line.values[column]) not in ("0", "1", "0.0", "1.0"):
        raise line.fault(
            f"{column} is '{text}', expected 0 or 1; choose another column by --target, or go on "
            "without the row by --on-error skip"
        )
    return int(float(text))


def read_patient(line: Line, name: str) -> str:
    """Who the patient of one row is."""
    said = line.values.get("patient", "")
    if not is_unknown(said):
        return said
    found = _PATIENT.search(name)
    return found[1] if found else sample_id(name)
