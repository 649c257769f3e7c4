"""Reads a DICOM file as one grey image, and the few tags that may be attributes; no other tag.

pydicom does the parsing; it comes with the extra `[dicom]` and is loaded at the first such file.
The numbers are rescaled, cut to a window and, under MONOCHROME1, inverted (DICOM PS3.3, C.7.6.3.1.2
and C.11.2.1.2), so that the darkest grey is 0 and the brightest 255, as viewers show it.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fairness.arrays import FloatArray, Image
from fairness.datasets.npz import SKIP
from fairness.datasets.picture import MAX_PIXELS
from fairness.errors import DataError, UsageError
from fairness.text import one_line

Window: TypeAlias = tuple[float, float]
"""Centre and width, in the units after rescaling, such as Hounsfield units."""

ENDINGS = (".dcm", ".dicom", ".dic")
MARK = b"DICM"
"""At byte 128 of every such file, whatever its ending."""

GROUPS = ("PatientSex", "Manufacturer", "InstitutionName", "StationName")
"""Tags whose words may be attributes."""
AGE = "PatientAge"
"""Becomes years."""
SEXES = {"F": "Female", "M": "Male", "O": "Other"}
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
"""Letter behind a PatientAge to its unit in years."""

GREY = ("MONOCHROME1", "MONOCHROME2")
DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax of a file that is packed as a whole, and may unpack into any size."""


def is_dicom(path: Path) -> bool:
    """Whether a file is named like one, or begins as one.

    Raises:
        DataError: it cannot be read.
    """
    if path.suffix.lower() in ENDINGS:
        return True
    with _naming_faults(path), path.open("rb") as file:
        return file.read(132)[128:] == MARK


def dicom_shape(path: Path) -> tuple[int, int]:
    """Rows and columns, by the header alone.

    Raises:
        DataError: it is no single grey image.
        UsageError: pydicom is not installed.
    """
    with _naming_faults(path):
        return _checked_shape(path, _read(path, stop_before_pixels=True))


def dicom_tags(path: Path) -> dict[str, str]:
    """The words of `GROUPS`, and the age in years under `PatientAge`; absent ones are empty.

    Raises:
        DataError, UsageError: as `dicom_shape`.
    """
    with _naming_faults(path):
        found = _read(path, stop_before_pixels=True, specific_tags=[*GROUPS, AGE])
        words = {name: one_line(found.get(name)) for name in (*GROUPS, AGE)}
    words["PatientSex"] = SEXES.get(words["PatientSex"], words["PatientSex"])
    words[AGE] = years(words[AGE])
    return words


def years(text: str) -> str:
    """`61` for `061Y`, `0.5` for `006M`; empty for anything that is no age."""
    found = re.fullmatch(r"(\d{1,3})([YMWD])", text)
    return f"{int(found[1]) * YEARS[found[2]]:.6g}" if found else ""


def read_dicom(path: Path, window: Window | None) -> Image:
    """The image, (H, W) uint8.

    Args:
        path: of the file.
        window: None for the file's first one; without any, 8-bit numbers are taken as they are.

    Raises:
        DataError: it is no single grey image, cannot be decoded, or has no window and needs one.
        UsageError: pydicom is not installed.
    """
    with _naming_faults(path):
        found = _read(path)
        shape = _checked_shape(path, found)
        stored = np.asarray(found.pixel_array)
        if stored.shape != shape:
            raise ValueError(f"its pixels have shape {stored.shape}, its header says {shape}")
        rescale = import_module("pydicom.pixels").apply_modality_lut
        values = np.asarray(rescale(stored, found), dtype=np.float64)
        grey = _windowed(path, values, found, window)
    if found.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    image: Image = np.rint(grey).astype(np.uint8)
    return image


def _windowed(path: Path, values: FloatArray, found: Any, window: Window | None) -> FloatArray:
    """Values as grey levels from 0 to 255, by the file's own function where it names one."""
    function = str(found.get("VOILUTFunction") or "LINEAR")
    if window is None and found.get("WindowCenter") is not None and found.get("WindowWidth"):
        window = _first(found.WindowCenter), _first(found.WindowWidth)
    if window is None:
        if values.min() >= 0 and values.max() <= 255 and int(found.BitsStored) <= 8:
            return values
        raise DataError(
            f"{path}: has values {values.min():g}..{values.max():g} and no window; give one with "
            f"--window CENTRE,WIDTH, or {SKIP}"
        )
    centre, width = window
    least = 1 if function == "LINEAR" else 1e-9
    if not np.isfinite([centre, width]).all() or width < least:
        raise ValueError(f"its window of centre {centre:g} and width {width:g} is none")
    if function == "SIGMOID":
        return np.asarray(255 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -50, 50))))
    if function == "LINEAR":
        centre, width = centre - 0.5, max(width - 1, 1e-9)
    elif function != "LINEAR_EXACT":
        raise ValueError(f"it has a window function '{one_line(function)[:40]}'")
    return np.asarray(np.clip((values - centre) / width + 0.5, 0, 1) * 255)


def _first(value: Any) -> float:
    """The first of one or several numbers."""
    return float(value[0] if hasattr(value, "__len__") else value)


def _checked_shape(path: Path, found: Any) -> tuple[int, int]:
    frames = int(found.get("NumberOfFrames") or 1)
    kind = one_line(found.get("PhotometricInterpretation"))
    fault = ""
    if frames != 1:
        fault = f"holds {frames} frames, expected one; save each in a file of its own"
    elif kind not in GREY or int(found.get("SamplesPerPixel") or 1) != 1:
        fault = f"is {kind[:40] or 'no image'}, expected grey, {' or '.join(GREY)}; convert it"
    elif int(found.Rows) * int(found.Columns) > MAX_PIXELS:
        fault = f"claims {found.Rows} x {found.Columns} pixels, more than any radiograph has"
    if fault:
        raise DataError(f"{path}: {fault}, or {SKIP}")
    return int(found.Rows), int(found.Columns)


def _read(path: Path, **options: object) -> Any:
    pydicom = _pydicom(path)
    if not path.is_file():
        raise FileNotFoundError(path)
    meta = pydicom.filereader.read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DEFLATED:
        raise DataError(f"{path}: is packed as a whole (deflated); save it without, or {SKIP}")
    return pydicom.dcmread(path, **options)


def _pydicom(path: Path) -> Any:
    try:
        return import_module("pydicom")
    except ImportError:
        raise UsageError(
            f"{path}: DICOM files need pydicom, which is not installed; run: pip install "
            "'fair-audit-triton[dicom]'"
        ) from None


@contextmanager
def _naming_faults(path: Path) -> Iterator[None]:
    """Turn errors of pydicom and its plugins, which raise almost anything, into ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on values that no rule of DICOM allows
            yield
    except (DataError, UsageError):
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; fetch it, or use --on-error skip") from None
    except Exception as error:  # pydicom and its plugins raise almost anything
        reason = one_line(error)[:200] or type(error).__name__
        raise DataError(
            f"{path}: no readable DICOM file ({reason}); fetch it again, install the decoders with "
            f"pip install 'fair-audit-triton[dicom]', or {SKIP}"
        ) from None
