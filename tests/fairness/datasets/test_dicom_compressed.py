"""DICOM in colours and in compressed transfer syntaxes: files of pydicom, and written here."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image as Pillow
from pydicom import encaps, uid
from pydicom.data import get_testdata_file

from fairness.arrays import Array, Image
from fairness.datasets.dicom import dicom_shape, read_dicom
from fairness.datasets.dicom_stream import claimed_size
from fairness.datasets.dicom_tags import dicom_spacing
from fairness.datasets.image_file import ImageFiles
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError

WINDOW = (0, 2000)


def stored(name: str) -> Path:
    """A file that comes with pydicom."""
    found = get_testdata_file(name, download=False)
    assert found is not None
    return Path(str(found))


def picture() -> Image:
    """Smooth colours, which lossy compression keeps to a few levels."""
    y, x = np.mgrid[:32, :48]
    return np.asarray(np.stack([x * 5, y * 7, 255 - x * 5], axis=-1), dtype=np.uint8)


def ybr_of(rgb: Image) -> Image:
    """PS3.3 C.7.6.3.1.2, written out."""
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    y = 0.2990 * r + 0.5870 * g + 0.1140 * b
    cb = -0.1687 * r - 0.3313 * g + 0.5000 * b + 128
    cr = 0.5000 * r - 0.4187 * g - 0.0813 * b + 128
    return np.asarray(np.clip(np.rint(np.stack([y, cb, cr], axis=-1)), 0, 255), dtype=np.uint8)


def in_colours(path: Path, pixels: Image, kind: str = "RGB", **tags: Any) -> Any:
    """A file of 8-bit colours; returns its data set, which may be compressed and saved again."""
    found: Any = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    found.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    found.SOPInstanceUID = "1.2.3"
    found.Rows, found.Columns = pixels.shape[:2]
    found.BitsAllocated = found.BitsStored = 8
    found.HighBit, found.SamplesPerPixel, found.PixelRepresentation = 7, 3, 0
    found.PhotometricInterpretation, found.PlanarConfiguration = kind, 0
    found.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(found, name, value)
    found.save_as(path, enforce_file_format=True)
    return found


@pytest.mark.parametrize(
    "name", ["MR_small_RLE", "MR_small_jp2klossless", "MR_small_jpeg_ls_lossless"]
)
def test_lossless_syntaxes_give_the_numbers_of_the_plain_file(name: str) -> None:
    plain, packed = stored("MR_small.dcm"), stored(f"{name}.dcm")
    assert dicom_shape(packed, WINDOW) == dicom_shape(plain, WINDOW) == (64, 64)
    grey = read_dicom(plain, WINDOW)
    assert np.unique(grey).size > 300
    np.testing.assert_array_equal(read_dicom(packed, WINDOW), grey)


@pytest.mark.parametrize("name", ["JPGExtended", "JPEG2000", "693_J2KI"])
def test_lossy_syntaxes_are_decoded(name: str) -> None:
    path = stored(f"{name}.dcm")
    image = read_dicom(path, (0, 400))
    assert image.shape == dicom_shape(path, WINDOW)
    assert image.std() > 5


def test_a_stream_that_no_decoder_takes_is_one_line() -> None:
    with pytest.raises(DataError, match=r"JPEG-lossy\.dcm: no readable DICOM file") as caught:
        read_dicom(stored("JPEG-lossy.dcm"), WINDOW)
    assert "\n" not in str(caught.value)


def test_colours_come_red_green_blue_and_as_luma_for_grey(tmp_path: Path) -> None:
    rgb, path = picture(), tmp_path / "a.dcm"
    in_colours(path, rgb)
    np.testing.assert_array_equal(ImageFiles(channels=3).read(path), rgb)
    assert ImageFiles(channels=3).shape(path) == rgb.shape
    luma = np.asarray(Pillow.fromarray(rgb).convert("L"))
    np.testing.assert_array_equal(ImageFiles().read(path), luma)
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1))
    in_colours(path, rgb, PlanarConfiguration=1, PixelData=planes.tobytes())
    np.testing.assert_array_equal(ImageFiles(channels=3).read(path), rgb)
    in_colours(path, ybr_of(rgb), "YBR_FULL")
    away = ImageFiles(channels=3).read(path).astype(int) - rgb
    assert np.abs(away).max() <= 2


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless])
def test_compressed_colours_are_the_same(tmp_path: Path, syntax: str) -> None:
    rgb, path = picture(), tmp_path / "a.dcm"
    found = in_colours(path, rgb)
    found.compress(syntax)
    found.save_as(path, enforce_file_format=True)
    assert found.file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(ImageFiles(channels=3).read(path), rgb)


def with_jpeg(path: Path, rgb: Image, **tags: Any) -> bytes:
    """A file of baseline JPEG, its colours as YBR; returns the stream."""
    stream = io.BytesIO()
    Pillow.fromarray(rgb).save(stream, "jpeg", quality=95, subsampling=1)
    found = in_colours(path, rgb, "YBR_FULL_422", **tags)
    found.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    found.PixelData = encaps.encapsulate([stream.getvalue()])
    found["PixelData"].is_undefined_length = True
    found.save_as(path, enforce_file_format=True)
    return stream.getvalue()


def test_a_jpeg_inside_is_the_jpeg(tmp_path: Path) -> None:
    stream = with_jpeg(tmp_path / "a.dcm", picture())
    with Pillow.open(io.BytesIO(stream)) as decoded:
        expected = np.asarray(decoded)
    away = ImageFiles(channels=3).read(tmp_path / "a.dcm").astype(int) - expected
    assert np.abs(away).max() <= 3


def test_a_stream_that_claims_another_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with_jpeg(tmp_path / "a.dcm", picture(), Rows=16)
    with pytest.raises(DataError, match=r"a\.dcm.*claim \(32, 48\), its header says \(16, 48\)"):
        read_dicom(tmp_path / "a.dcm", None)


def stream_of(name: str) -> tuple[bytes, tuple[int, int]]:
    found = pydicom.dcmread(stored(name))
    return encaps.get_frame(found.PixelData, 0, number_of_frames=1), (found.Rows, found.Columns)


@pytest.mark.parametrize(
    "name",
    ["JPEG-lossy.dcm", "JPEG2000.dcm", "693_J2KI.dcm", "MR_small_jp2klossless.dcm",
     "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_gdcm.dcm"],
)  # fmt: skip
def test_the_claimed_size_is_that_of_the_header(name: str) -> None:
    stream, size = stream_of(name)
    assert claimed_size(stream) == size
    assert claimed_size(stream[:10]) is None


def test_rle_claims_nothing() -> None:
    assert claimed_size(stream_of("MR_small_RLE.dcm")[0]) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"PixelSpacing": [0.5, 0.25], "ImagerPixelSpacing": [9, 9]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1)),
        ({"PixelSpacing": [0, 0.25]}, None),
        ({}, None),
    ],
)
def test_spacing_is_between_rows_then_columns(
    tmp_path: Path, tags: dict[str, Any], expected: tuple[float, float] | None
) -> None:
    in_colours(tmp_path / "a.dcm", picture(), **tags)
    wanted: Array = np.array(expected or (np.nan, np.nan))
    np.testing.assert_array_equal(dicom_spacing(tmp_path / "a.dcm"), wanted)


@pytest.mark.parametrize("named", [(), ("dose",)])
def test_spacing_is_a_covariate_beside_masks(tmp_path: Path, named: tuple[str, ...]) -> None:
    shape = picture().shape[:2]
    Pillow.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "1.png")
    in_colours(tmp_path / "a.dcm", picture(), PixelSpacing=[0.5, 0.25])
    in_colours(tmp_path / "b.dcm", picture(), ImagerPixelSpacing=[0.2, 0.1])
    rows = ["file,mask,target,sex,dose", "b.dcm,1.png,1,F,3", "a.dcm,1.png,0,M,4"]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    said = TableColumns(attributes=("sex",), covariates=named)
    split = TableSplit(tmp_path / "t.csv", "test", said, masks=True)
    assert split.ids == ("a.dcm", "b.dcm")
    np.testing.assert_array_equal(split.covariates["spacing_row"], [0.5, 0.2])
    np.testing.assert_array_equal(split.covariates["spacing_column"], [0.25, 0.1])
    labelled = TableSplit(tmp_path / "t.csv", "test", said)
    assert {*labelled.covariates} == {"dose"}
    of_table = [
        f"{row},{more}"
        for row, more in zip(rows, ("spacing_row,spacing_column", "7,7", "8,8"), strict=True)
    ]
    (tmp_path / "t.csv").write_text("\n".join(of_table))
    own = TableSplit(tmp_path / "t.csv", "test", TableColumns(attributes=("sex",)), masks=True)
    np.testing.assert_array_equal(own.covariates["spacing_row"], [8, 7])


def test_the_window_of_a_file_may_stay_unrounded() -> None:
    path = stored("MR_small.dcm")
    exact = ImageFiles(exact=True).read(path)
    assert exact.dtype == np.float32
    np.testing.assert_allclose(exact, read_dicom(path, None), atol=2e-5)
    assert np.unique(exact).size > np.unique(np.rint(exact)).size
    np.testing.assert_array_equal(ImageFiles().read(path), np.rint(exact))
