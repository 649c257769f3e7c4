from pathlib import Path

import numpy as np
import pytest
from fairvlmed_files import small_image, write_npz, write_split

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.errors import DataError
from fairness.groups import known_ages


@pytest.mark.parametrize(("name", "code"), [("race", 7), ("race", 3), ("gender", 2), ("race", 1.5)])
@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_a_code_without_a_meaning_always_stops(
    tmp_path: Path, name: str, code: object, on_error: str
) -> None:
    """Where 7 means White, 2 means Asian: leaving out the 7s would mislabel the rest."""
    write_split(tmp_path / "Test", count=1)
    path = write_npz(tmp_path / "Test" / "z.npz", **{name: code})
    with pytest.raises(DataError, match=f"{name} is {code}, known are 0 .*recode") as caught:
        FairVLMed(tmp_path, "test", on_error="skip" if on_error == "skip" else "stop")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "written", [-1, -1.0, np.nan, -9, "", "unknown", "N/A", "not recorded", "?", "-1.0"]
)
def test_groups_and_patients_are_unknown_as_in_every_file(tmp_path: Path, written: object) -> None:
    write_npz(tmp_path / "Test" / "a.npz", race=written, gender=1, subject=written, age=written)
    split = FairVLMed(tmp_path, "test")
    assert (split.codes["race"].tolist(), split.codes["gender"].tolist()) == ([-1], [1])
    assert split.patients == ("a",)
    assert not known_ages(split.covariates["age"]).tolist()[0] >= 0


@pytest.mark.parametrize("written", [1, 1.0, "1", "1.0", "black", "Black", True])
def test_a_group_is_a_code_or_a_name(tmp_path: Path, written: object) -> None:
    write_npz(tmp_path / "Test" / "a.npz", race=written)
    assert FairVLMed(tmp_path, "test").codes["race"].tolist() == [1]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (small_image() / np.float32(255), "float32, expected 0..255; multiply by 255 and store"),
        (small_image().astype(float), "float64, expected 0..255; store it as uint8"),
        (small_image().astype(np.int16) * 2, "rescale it to uint8"),
        (small_image().astype(np.int8), "rescale it to uint8"),
        (np.stack([small_image()] * 3, axis=-1), r"shape \(12, 8, 3\), expected one grey image"),
        (np.zeros((0, 8), np.uint8), r"shape \(0, 8\)"),
    ],
)
def test_an_image_that_is_no_grey_byte_image_is_refused(
    tmp_path: Path, image: object, message: str
) -> None:
    path = write_npz(tmp_path / "Test" / "a.npz", slo_fundus=image)
    with pytest.raises(DataError, match=message) as caught:
        next(samples(FairVLMed(tmp_path, "test")))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int64, ">i4"])
def test_other_integers_in_range_become_bytes(tmp_path: Path, dtype: str) -> None:
    write_npz(tmp_path / "Test" / "a.npz", slo_fundus=small_image().astype(dtype))
    image = FairVLMed(tmp_path, "test").read(0).image
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, small_image())
