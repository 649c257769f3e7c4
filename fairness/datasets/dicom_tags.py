"""The few tags of a DICOM file that may be attributes or covariates; no other tag is kept."""

import math
import re
from pathlib import Path

from fairness.datasets.dicom import naming_faults, read_file
from fairness.text import one_line

GROUPS = ("PatientSex", "Manufacturer", "InstitutionName", "StationName")
"""Tags whose words may be attributes."""
AGE = "PatientAge"
"""Becomes years."""
SEXES = {"F": "Female", "M": "Male", "O": "Other"}
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
"""Letter behind a PatientAge to its unit in years."""

SPACINGS = ("PixelSpacing", "ImagerPixelSpacing")
"""Distance between rows and between columns, mm: in the patient, else at the detector."""


def dicom_spacing(path: Path) -> tuple[float, float]:
    """Distance between rows and between columns in mm; NaN where the file does not say.

    Raises:
        DataError, UsageError: as `dicom_shape`.
    """
    with naming_faults(path):
        found = read_file(path, stop_before_pixels=True, specific_tags=[*SPACINGS])
        said = next((found[name].value for name in SPACINGS if found.get(name)), (math.nan,) * 2)
        rows, columns = map(float, said)
    known = 0 < rows < math.inf and 0 < columns < math.inf
    return (rows, columns) if known else (math.nan, math.nan)


def dicom_tags(path: Path) -> dict[str, str]:
    """The words of `GROUPS`, and the age in years under `PatientAge`; absent ones are empty.

    Raises:
        DataError, UsageError: as `dicom_shape`.
    """
    with naming_faults(path):
        found = read_file(path, stop_before_pixels=True, specific_tags=[*GROUPS, AGE])
        words = {name: one_line(found.get(name)) for name in (*GROUPS, AGE)}
    words["PatientSex"] = SEXES.get(words["PatientSex"], words["PatientSex"])
    words[AGE] = years(words[AGE])
    return words


def years(text: str) -> str:
    """`61` for `061Y`, `0.5` for `006M`; empty for anything that is no age."""
    found = re.fullmatch(r"(\d{1,3})([YMWD])", text)
    return f"{int(found[1]) * YEARS[found[2]]:.6g}" if found else ""
