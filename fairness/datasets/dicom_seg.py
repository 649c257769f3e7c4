"""Reads a DICOM segmentation of one image as the number of its segment in each pixel.

One frame a segment (PS3.3, A.51 and C.8.20): binary ones, of which no two may cover a pixel, or one
frame of a label map. The image that a file names is not looked up: it is the table that says so.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array
from fairness.datasets.dicom import naming_faults, read_file
from fairness.datasets.npz import SKIP
from fairness.datasets.picture import MAX_PIXELS
from fairness.errors import DataError

MOST_SEGMENTS = 255
PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
RLE = "1.2.840.10008.1.2.5"
"""Transfer syntaxes that are read; no other suits masks, and streams may claim any size."""


def seg_shape(path: Path) -> tuple[int, int]:
    """Rows and columns, by the header alone.

    Raises:
        DataError: it is no segmentation of one image.
        UsageError: pydicom is not installed.
    """
    with naming_faults(path):
        found = read_file(path, stop_before_pixels=True)
        _segments_of_frames(path, found)
        return int(found.Rows), int(found.Columns)


def read_seg(path: Path) -> Array:
    """The number of the segment of each pixel, (H, W) uint8; 0 where there is none.

    Raises:
        DataError: as `seg_shape`; two segments overlap, or it cannot be decoded.
        UsageError: pydicom is not installed.
    """
    with naming_faults(path):
        found = read_file(path)
        segments = _segments_of_frames(path, found)
        rows, columns = int(found.Rows), int(found.Columns)
        frames = np.asarray(import_module("pydicom.pixels").pixel_array(found))
        if frames.size != max(1, len(segments)) * rows * columns:
            raise ValueError(f"its frames have shape {frames.shape}")
        frames = frames.reshape(-1, rows, columns)
    if not segments:
        return np.asarray(frames[0], dtype=np.uint8)
    inside = frames > 0
    if (inside.sum(axis=0) > 1).any():
        raise DataError(
            f"{path}: two segments cover one pixel, expected one structure each; {SKIP}"
        )
    mask = np.zeros((rows, columns), np.uint8)
    for segment, where in zip(segments, inside, strict=True):
        mask[where] = segment
    return mask


def _segments_of_frames(path: Path, found: Any) -> list[int]:
    """The number of the segment of each frame; empty of a label map, whose pixels hold numbers."""
    kind, frames = str(found.get("SegmentationType") or ""), int(found.get("NumberOfFrames") or 1)
    fault = ""
    segments: list[int] = []
    if kind not in ("BINARY", "LABELMAP"):
        fault = f"is '{kind[:40]}', expected a segmentation, BINARY or LABELMAP"
    elif found.file_meta.TransferSyntaxUID not in (*PLAIN, RLE):
        fault = "is compressed, expected RLE at the most"
    elif frames > MOST_SEGMENTS or (kind == "LABELMAP" and frames > 1):
        fault = f"holds {frames} frames, expected those of one image"
    elif int(found.Rows) * int(found.Columns) * frames > MAX_PIXELS:
        fault = f"claims {frames} x {found.Rows} x {found.Columns} pixels, more than any image has"
    elif kind == "LABELMAP" and int(found.BitsAllocated) != 8:
        fault = f"has {found.BitsAllocated} bits a pixel, expected 8"
    elif kind == "BINARY":
        segments = [_segment(found, number) for number in range(frames)]
        if len(set(segments)) < frames or not 0 < min(segments) <= max(segments) <= MOST_SEGMENTS:
            fault = f"has frames of the segments {segments[:20]}, expected each once: one image"
    if fault:
        raise DataError(f"{path}: {fault}; {SKIP}")
    return segments


def _segment(found: Any, frame: int) -> int:
    """What a frame says of its segment, or what all of them share."""
    shared = found.get("SharedFunctionalGroupsSequence") or [None]
    own = found.get("PerFrameFunctionalGroupsSequence")
    for group in (own[frame] if own else None, shared[0]):
        if group is not None and (said := group.get("SegmentIdentificationSequence")):
            return int(said[0].ReferencedSegmentNumber)
    raise ValueError(f"frame {frame + 1} names no segment")
