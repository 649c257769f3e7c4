"""DICOM files written by this test with pydicom, read back against numpy and pydicom's own code."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_dicom import RAMP, write_dicom
from written_table import cohort_columns, write_rows

from fairness.arrays import Array
from fairness.datasets import dicom
from fairness.datasets.dicom import dicom_shape, is_dicom, read_dicom
from fairness.datasets.dicom_tags import dicom_tags, years
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.errors import DataError, UsageError

CT: dict[str, Any] = {"WindowCenter": [40, 300], "WindowWidth": [400, 2000], "RescaleSlope": 2,
                      "RescaleIntercept": -24}  # fmt: skip


@pytest.fixture
def pydicom() -> Any:
    return pytest.importorskip("pydicom")


def linear(values: Array, centre: float, width: float) -> Array:
    """PS3.3 C.11.2.1.2.1, spelled out."""
    grey = np.empty(values.shape)
    for place, x in np.ndenumerate(values.astype(float)):
        if x <= centre - 0.5 - (width - 1) / 2:
            grey[place] = 0
        elif x > centre - 0.5 + (width - 1) / 2:
            grey[place] = 255
        else:
            grey[place] = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255
    return grey


def test_values_are_rescaled_and_cut_to_the_first_window(pydicom: Any, tmp_path: Path) -> None:
    path = write_dicom(pydicom, tmp_path / "a.dcm", **CT)
    assert dicom_shape(path) == (10, 8)
    expected = linear(2 * RAMP.astype(float) - 24, 40, 400)
    assert 0 < np.count_nonzero((expected > 0) & (expected < 255)) < expected.size
    np.testing.assert_allclose(read_dicom(path, None), expected, atol=1e-9)
    given = np.interp(2 * RAMP.astype(float) - 24, [-700, 1300], [0, 255])
    np.testing.assert_allclose(read_dicom(path, (-700, 1300)), given, atol=1e-9)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions_agree_with_pydicom(pydicom: Any, tmp_path: Path, function: str) -> None:
    pixels = np.arange(0, 4000, 50, dtype=np.uint16).reshape(10, 8)
    path = write_dicom(pydicom, tmp_path / "a.dcm", pixels, WindowCenter=1800, WindowWidth=1500,
                       VOILUTFunction=function)  # fmt: skip
    apply_windowing = import_module("pydicom.pixels").apply_windowing
    expected = apply_windowing(pixels, pydicom.dcmread(path)) / 65535 * 255
    assert np.abs(read_dicom(path, None) - expected).max() <= 0.51


def test_monochrome1_is_inverted(pydicom: Any, tmp_path: Path) -> None:
    path = write_dicom(pydicom, tmp_path / "a.dcm", **CT)
    other = write_dicom(pydicom, tmp_path / "b.dcm", PhotometricInterpretation="MONOCHROME1", **CT)
    np.testing.assert_array_equal(read_dicom(other, None), 255 - read_dicom(path, None))


def test_8_bits_need_no_window_and_more_do(pydicom: Any, tmp_path: Path) -> None:
    pixels = np.arange(80, dtype=np.uint8).reshape(10, 8)
    path = write_dicom(pydicom, tmp_path / "a.dcm", pixels)
    np.testing.assert_array_equal(read_dicom(path, None), pixels)
    deep = write_dicom(pydicom, tmp_path / "b.dcm")
    with pytest.raises(DataError, match=r"b\.dcm: has values -1000\.\.975 and no window.*--window"):
        read_dicom(deep, None)
    with pytest.raises(DataError, match=r"b\.dcm: has 16 bits a pixel and no window.*--window"):
        dicom_shape(deep)
    assert dicom_shape(deep, (0, 1)) == RAMP.shape


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"NumberOfFrames": 5}, "holds 5 frames, expected one"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "is PALETTE COLOR, expected one of MONO"),
        ({"PhotometricInterpretation": "RGB"}, "is RGB, expected one of MONOCHROME1"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "has 16 bits a colour"),
        ({"Rows": 60_000, "Columns": 60_000}, "claims 60000 x 60000 pixels"),
        ({"PixelData": b"12"}, "no readable DICOM file"),
        ({"WindowCenter": 1, "WindowWidth": 0.5}, "window of centre 1 and width 0.5 is none"),
        ({"VOILUTFunction": "MAGIC", "WindowCenter": 1, "WindowWidth": 5}, "function 'MAGIC'"),
    ],
)
def test_what_is_no_grey_image_is_refused_in_one_line(
    pydicom: Any, tmp_path: Path, tags: dict[str, Any], message: str
) -> None:
    path = write_dicom(pydicom, tmp_path / "a.dcm", **tags)
    with pytest.raises(DataError, match=f"a.dcm.*{message}") as caught:
        read_dicom(path, None)
    assert "\n" not in str(caught.value)
    assert "ecret" not in str(caught.value)


def test_files_that_are_none_are_refused(pydicom: Any, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"no dicom at all" * 20)
    with pytest.raises(DataError, match=r"a\.dcm: no readable DICOM file"):
        read_dicom(tmp_path / "a.dcm", None)
    with pytest.raises(DataError, match=r"b\.dcm: no such file"):
        dicom_shape(tmp_path / "b.dcm")
    whole = write_dicom(pydicom, tmp_path / "c.dcm", **CT).read_bytes()
    (tmp_path / "c.dcm").write_bytes(whole[:-20])
    with pytest.raises(DataError, match=r"c\.dcm: no readable DICOM file"):
        read_dicom(tmp_path / "c.dcm", None)
    found = pydicom.dcmread(write_dicom(pydicom, tmp_path / "d.dcm", **CT))
    found.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    found.save_as(tmp_path / "d.dcm")
    with pytest.raises(DataError, match=r"d\.dcm: is packed as a whole \(deflated\)"):
        dicom_shape(tmp_path / "d.dcm")


def test_a_file_is_known_by_its_mark_too(pydicom: Any, tmp_path: Path) -> None:
    assert is_dicom(write_dicom(pydicom, tmp_path / "IM0001"))
    (tmp_path / "other").write_bytes(b"x" * 200)
    assert not is_dicom(tmp_path / "other")


@pytest.mark.parametrize(
    ("age", "expected"),
    [("061Y", "61"), ("006M", "0.5"), ("000D", "0"), ("52Y", "52"), ("", ""), ("Y", ""),
     ("old", ""), ("1e9Y", "")],
)  # fmt: skip
def test_ages_become_years(age: str, expected: str) -> None:
    assert years(age) == expected


def test_the_five_tags_may_be_attributes_and_no_other_is_kept(pydicom: Any, tmp_path: Path) -> None:
    columns = cohort_columns(tmp_path)
    for i in range(6):
        write_dicom(
            pydicom, tmp_path / f"{i}.dcm", PatientSex="FMO"[i % 3], PatientAge=f"06{i}Y",
            Manufacturer=("Siemens", "GE")[i % 2], InstitutionName="A & B", **CT,
        )  # fmt: skip
    columns["file"] = [f"{i}.dcm" for i in range(6)]
    del columns["age"]
    path = write_rows(tmp_path / "t.csv", columns)
    said = TableColumns(attributes=("PatientSex", "Manufacturer"), site="InstitutionName")
    split = TableSplit(path, "test", said)
    assert [a.name for a in split.attributes] == ["PatientSex", "Manufacturer", "InstitutionName"]
    sex, maker, site = split.attributes
    assert [sex.label(c) for c in split.codes["PatientSex"]] == [
        "Other", "Male", "Female", "Other", "Male",
    ]  # fmt: skip
    assert [maker.label(c) for c in split.codes["Manufacturer"]] == ["GE", "Siemens"] * 2 + ["GE"]
    assert set(site.groups) == {"A & B"}
    assert split.covariates["age"].tolist() == [65, 64, 63, 62, 61]
    shown = np.rint(read_dicom(tmp_path / "5.dcm", None))
    np.testing.assert_array_equal(split.read(0).image, shown)
    assert set(dicom_tags(tmp_path / "0.dcm")) == {
        "PatientSex", "PatientAge", "Manufacturer", "InstitutionName", "StationName",
    }  # fmt: skip
    with pytest.raises(UsageError, match="no column 'PatientID'"):
        TableSplit(path, "test", TableColumns(attributes=("PatientID",)))


def test_without_pydicom_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)  # as if it were not installed
    columns = cohort_columns(tmp_path)
    (tmp_path / "a.dcm").write_bytes(b"\0" * 128 + dicom.MARK)
    columns["file"][2] = "a.dcm"
    path = write_rows(tmp_path / "t.csv", columns)
    with pytest.raises(UsageError, match=r"a\.dcm: .*pip install 'fair-audit-triton\[dicom\]'"):
        TableSplit(path, "test", TableColumns(attributes=("sex",)), on_error="skip")
