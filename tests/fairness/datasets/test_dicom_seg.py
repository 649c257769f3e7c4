"""DICOM segmentations written here, bit by bit, and read as masks."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow
from pydicom import uid

from fairness.arrays import Array
from fairness.datasets.class_mask import MaskClasses, mask_shape, read_class_mask
from fairness.datasets.dicom_seg import read_seg
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError

MASK = np.zeros((9, 7), np.uint8)  # 63 pixels: a frame does not end with a byte
MASK[2:7, 1:6] = 1
MASK[4:6, 2:4] = 2


def numbered(segment: int) -> Any:
    identification, group = pydicom.Dataset(), pydicom.Dataset()
    identification.ReferencedSegmentNumber = segment
    group.SegmentIdentificationSequence = [identification]
    return group


def write_seg(path: Path, frames: Array, segments: list[int], **tags: Any) -> Path:
    """Frames (n, H, W) of 0 and 1, packed from the lowest bit on, or one of numbers."""
    found: Any = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    found.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    found.NumberOfFrames, found.Rows, found.Columns = frames.shape
    found.SamplesPerPixel, found.PixelRepresentation = 1, 0
    found.PhotometricInterpretation = "MONOCHROME2"
    bits = 1 if segments else 8
    found.SegmentationType = "BINARY" if segments else "LABELMAP"
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit = bits - 1
    packed = np.packbits(frames, axis=None, bitorder="little") if segments else frames
    content = packed.astype(np.uint8).tobytes()
    found.PixelData = content + bytes(len(content) % 2)
    found.PerFrameFunctionalGroupsSequence = [numbered(segment) for segment in segments]
    for name, value in tags.items():
        setattr(found, name, value)
    found.save_as(path, enforce_file_format=True)
    return path


def test_one_frame_a_segment_is_a_mask_of_their_numbers(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "a.dcm", np.stack([MASK == 2, MASK == 1]), [2, 1])
    assert mask_shape(path, None) == MASK.shape
    np.testing.assert_array_equal(read_class_mask(path, None, MaskClasses()), MASK)
    single = write_seg(tmp_path / "b.dcm", (MASK == 1)[None], [1])
    np.testing.assert_array_equal(read_seg(single), MASK == 1)
    labels = write_seg(tmp_path / "c.dcm", MASK[None], [])
    np.testing.assert_array_equal(read_seg(labels), MASK)


def test_a_table_may_name_segmentations(tmp_path: Path) -> None:
    Pillow.fromarray(MASK).save(tmp_path / "a.png")
    write_seg(tmp_path / "a.dcm", np.stack([MASK == 1, MASK == 2]), [7, 9])
    (tmp_path / "t.csv").write_text("file,mask,sex\na.png,a.dcm,F\n")
    said = TableColumns(attributes=("sex",), mask_values={7: "rim", 9: "cup"})
    split = TableSplit(tmp_path / "t.csv", "test", said, masks=True)
    np.testing.assert_array_equal(split.read(0).target, MASK)


@pytest.mark.parametrize(
    ("segments", "tags", "message"),
    [
        ([1, 1], {}, r"frames of the segments \[1, 1\], expected each once"),
        ([0, 1], {}, r"frames of the segments \[0, 1\]"),
        ([1, 2], {"SegmentationType": "FRACTIONAL"}, "is 'FRACTIONAL', expected a segmentation"),
        ([1, 2], {"SegmentationType": ""}, "is '', expected a segmentation"),
        ([1, 2], {"NumberOfFrames": 300}, "holds 300 frames"),
        ([1, 2], {"Rows": 9000, "Columns": 9000}, "claims 2 x 9000 x 9000 pixels"),
        ([1, 2], {"PixelData": b"12"}, "no readable DICOM file"),
        ([1, 2], {"PerFrameFunctionalGroupsSequence": []}, "frame 1 names no segment"),
        ([], {"SegmentationType": "LABELMAP"}, "holds 2 frames"),
    ],
)
def test_what_is_no_segmentation_of_one_image_is_one_line(
    tmp_path: Path, segments: list[int], tags: dict[str, Any], message: str
) -> None:
    path = write_seg(tmp_path / "a.dcm", np.stack([MASK == 1, MASK == 2]), segments, **tags)
    with pytest.raises(DataError, match=f"a.dcm: .*{message}") as caught:
        read_seg(path)
    assert "\n" not in str(caught.value)


def test_overlapping_segments_are_refused(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "a.dcm", np.stack([MASK > 0, MASK == 2]), [1, 2])
    with pytest.raises(DataError, match=r"a\.dcm: two segments cover one pixel"):
        read_seg(path)


def test_a_compressed_label_map_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    found: Any = pydicom.dcmread(write_seg(tmp_path / "a.dcm", MASK[None], []))
    found.file_meta.TransferSyntaxUID = uid.JPEG2000Lossless
    found.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51"])
    found["PixelData"].is_undefined_length = True
    found.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(DataError, match=r"a\.dcm: is compressed, expected RLE at the most"):
        mask_shape(tmp_path / "a.dcm", None)
