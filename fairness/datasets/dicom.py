"""Reads a DICOM file as one image.

pydicom does the parsing; it comes with the extra `[dicom]` and is loaded at the first such file.
The numbers are rescaled, cut to a window and, under MONOCHROME1, inverted (DICOM PS3.3, C.7.6.3.1.2
and C.11.2.1.2), so that the darkest grey is 0 and the brightest 255, as viewers show it. Colours
become red, green and blue.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.datasets.dicom_stream import claimed_size
from fairness.datasets.npz import SKIP
from fairness.datasets.picture import MAX_PIXELS
from fairness.datasets.window import HOW, Window, levels
from fairness.errors import DataError, UsageError
from fairness.text import one_line

ENDINGS = (".dcm", ".dicom", ".dic")
MARK = b"DICM"
"""At byte 128 of every such file, whatever its ending."""

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
_SAMPLES = {**dict.fromkeys(GREY, 1), **dict.fromkeys(COLOURS, 3)}
"""Numbers a pixel of each kind."""
_NEEDS = f"no window; {HOW}, or {SKIP}"

DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax of a file that is packed as a whole, and may unpack into any size."""


def is_dicom(path: Path) -> bool:
    """Whether a file is named like one, or begins as one.

    Raises:
        DataError: it cannot be read.
    """
    if path.suffix.lower() in ENDINGS:
        return True
    with naming_faults(path), path.open("rb") as file:
        return file.read(132)[128:] == MARK


def dicom_shape(path: Path, window: Window | None = None) -> tuple[int, int]:
    """Rows and columns, by the header alone.

    Raises:
        DataError: it is no single grey image or one in colours, or needs a window and has none.
        UsageError: pydicom is not installed.
    """
    with naming_faults(path):
        found = read_file(path, stop_before_pixels=True)
        shape = _checked_shape(path, found)
        is_deep = found.PhotometricInterpretation in GREY and int(found.BitsStored) > 8
        if is_deep and window is None and _own_window(found) is None:
            raise DataError(f"{path}: has {found.BitsStored} bits a pixel and {_NEEDS}")
        return shape


def read_dicom(path: Path, window: Window | None) -> Array:
    """The image: (H, W) float64 grey levels from 0 to 255, or (H, W, 3) uint8 red, green, blue.

    Args:
        path: of the file.
        window: low and high of grey values after rescaling (such as Hounsfield units); None for the
            file's first one; without any, 8-bit numbers are taken as they are.

    Raises:
        DataError: it is no single image, cannot be decoded, or has no window and needs one.
        UsageError: pydicom is not installed.
    """
    with naming_faults(path):
        found = read_file(path)
        shape = _checked_shape(path, found)
        stored = _decoded(found, shape)
        if found.PhotometricInterpretation not in GREY:
            return np.asarray(stored, dtype=np.uint8)
        rescale = import_module("pydicom.pixels").apply_modality_lut
        values = np.asarray(rescale(stored, found), dtype=np.float64)
        if window is not None:
            grey = levels(values, window, f"{path}:")
        else:
            grey = _windowed(path, values, found)
    return np.asarray(255 - grey if found.PhotometricInterpretation == "MONOCHROME1" else grey)


def _decoded(found: Any, shape: tuple[int, int]) -> Array:
    """The stored numbers: (H, W), or (H, W, 3) with YBR as red, green and blue."""
    if found.file_meta.TransferSyntaxUID.is_compressed:
        frame = import_module("pydicom.encaps").get_frame
        claimed = claimed_size(frame(found.PixelData, 0, number_of_frames=1))
        if claimed not in (None, shape):
            raise ValueError(f"its compressed pixels claim {claimed}, its header says {shape}")
    stored = np.asarray(found.pixel_array)
    wanted = shape if found.PhotometricInterpretation in GREY else (*shape, 3)
    if stored.shape != wanted:
        raise ValueError(f"its pixels have shape {stored.shape}, its header says {wanted}")
    return stored


def _own_window(found: Any) -> tuple[float, float] | None:
    """Centre and width of the first window of a file."""
    if found.get("WindowCenter") is None or not found.get("WindowWidth"):
        return None
    return _first(found.WindowCenter), _first(found.WindowWidth)


def _windowed(path: Path, values: FloatArray, found: Any) -> FloatArray:
    """Values as grey levels from 0 to 255 by the file's own window and function."""
    function = str(found.get("VOILUTFunction") or "LINEAR")
    own = _own_window(found)
    if own is None:
        if values.min() >= 0 and values.max() <= 255 and int(found.BitsStored) <= 8:
            return values
        raise DataError(f"{path}: has values {values.min():g}..{values.max():g} and {_NEEDS}")
    centre, width = own
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
    elif int(found.get("SamplesPerPixel") or 1) != _SAMPLES.get(kind):
        fault = f"is {kind[:40] or 'no image'}, expected one of {', '.join(_SAMPLES)}; convert it"
    elif kind in COLOURS and int(found.BitsAllocated) != 8:
        fault = f"has {found.BitsAllocated} bits a colour, expected 8; convert it"
    elif int(found.Rows) * int(found.Columns) > MAX_PIXELS:
        fault = f"claims {found.Rows} x {found.Columns} pixels, more than any radiograph has"
    if fault:
        raise DataError(f"{path}: {fault}, or {SKIP}")
    return int(found.Rows), int(found.Columns)


def read_file(path: Path, **options: object) -> Any:
    """The data set of a file, by pydicom; `options` are those of its `dcmread`.

    Raises:
        DataError: it is packed as a whole.
        UsageError: pydicom is not installed.
        Exception: of many kinds, by pydicom (`naming_faults`).
    """
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
def naming_faults(path: Path) -> Iterator[None]:
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
