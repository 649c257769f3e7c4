import math
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from fairvlmed_files import small_image, write_npz, write_split

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.errors import DataError


def test_a_sample_is_what_the_file_holds(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00042.npz", race=1, gender=1, language=-1, subject=7)
    split = FairVLMed(tmp_path, "test")
    (sample,) = samples(split)
    assert (sample.id, split.patients, sample.target) == ("data_00042", ("7",), 1)
    assert sample.attributes == {
        "race": 1,
        "gender": 1,
        "ethnicity": 0,
        "language": -1,
        "maritalstatus": 1,
    }
    covariates = {name: values.tolist() for name, values in split.covariates.items()}
    assert covariates == {"age": [61.5], "md": [-4.25]}
    assert split.shapes[0] == sample.image.shape
    assert sample.image.dtype == np.uint8
    np.testing.assert_array_equal(sample.image, small_image())
    assert [a.name for a in split.attributes] == list(sample.attributes)
    assert (split.name, split.split, split.target) == ("fairvlmed", "test", "glaucoma")


def test_samples_are_sorted_and_come_again_alike(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        write_npz(tmp_path / "Test" / f"data_{number:05d}.npz", age=number, race=number % 3)
    split = FairVLMed(tmp_path, "test")
    first, second = list(samples(split)), list(samples(split))
    assert [s.id for s in first] == ["data_00001", "data_00002", "data_00003"] == list(split.ids)
    assert split.covariates["age"].tolist() == [1, 2, 3]
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        np.testing.assert_array_equal(a.image, b.image)
        assert (a.id, a.attributes) == (b.id, b.attributes)
        assert (split.read(i).id, split.read(i).attributes) == (a.id, a.attributes)
    assert len(split) == 3


def test_the_columns_equal_the_samples_and_survive_the_loss_of_the_files(tmp_path: Path) -> None:
    for number in range(1, 5):
        write_npz(
            tmp_path / "Test" / f"data_{number:05d}.npz",
            glaucoma=number % 2,
            race=number % 3,
            language=number % 4 - 1,
            md=math.nan if number == 2 else -number,
            patient=f"p{number // 2}",
        )
    split = FairVLMed(tmp_path, "test")
    found = list(samples(split))
    shutil.rmtree(tmp_path / "Test")
    assert split.labels.tolist() == [s.target for s in found] == [1, 0, 1, 0]
    assert split.patients == ("p0", "p1", "p1", "p2")
    for name, codes in split.codes.items():
        assert codes.dtype == np.int64
        assert codes.tolist() == [s.attributes[name] for s in found]
    np.testing.assert_array_equal(split.covariates["md"], [-1, math.nan, -3, -4])


@pytest.mark.parametrize("missing", [None, -1, math.nan, -1.0])
@pytest.mark.parametrize("name", ["race", "gender", "ethnicity", "language", "maritalstatus"])
def test_an_unknown_code_is_masked_for_its_attribute_alone(
    tmp_path: Path, name: str, missing: object
) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", **{name: missing})
    (sample,) = samples(FairVLMed(tmp_path, "test"))
    assert sample.attributes[name] == -1
    assert all(code >= 0 for other, code in sample.attributes.items() if other != name)


def test_measurements_and_texts_are_optional(tmp_path: Path) -> None:
    write_npz(
        tmp_path / "Test" / "a.npz",
        **dict.fromkeys(("md", "tds", "note", "note_extra", "age", "maritalstatus", "language")),
    )
    split = FairVLMed(tmp_path, "test")
    assert len(list(samples(split))) == 1
    assert math.isnan(split.covariates["age"][0])
    assert math.isnan(split.covariates["md"][0])


@pytest.mark.parametrize(
    ("changes", "patient"),
    [
        ({"subject": 12}, "12"),
        ({"patient": "X7"}, "X7"),
        ({"patient_id": 3.0}, "3"),
        ({"subject": 12, "patient_id": 3}, "12"),
        ({"subject": -1, "patient_id": 3}, "3"),
        ({"subject": math.nan}, "data_00001"),
        ({"subject": ""}, "data_00001"),
        ({}, "data_00001"),
    ],
)
def test_a_patient_is_named_by_the_first_key_that_says_something(
    tmp_path: Path, changes: dict[str, object], patient: str
) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", **changes)
    assert FairVLMed(tmp_path, "test").patients == (patient,)


def test_a_numeric_site_is_a_covariate_of_all_samples(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "a.npz", site=2)
    write_npz(tmp_path / "Test" / "b.npz")
    write_npz(tmp_path / "Test" / "c.npz", site="north")
    assert FairVLMed(tmp_path, "test").covariates["site"] == pytest.approx(
        [2, math.nan, math.nan], nan_ok=True
    )


def test_another_target_may_be_named(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=2, progression=0)
    split = FairVLMed(tmp_path, "test", target="progression")
    assert split.labels.tolist() == [0, 0]
    assert [s.target for s in samples(split)] == [0, 0]


@pytest.mark.parametrize("value", [2, -1, 0.5, math.nan, "yes"])
def test_a_target_other_than_0_or_1_is_refused(tmp_path: Path, value: object) -> None:
    path = write_npz(tmp_path / "Test" / "a.npz", glaucoma=value)
    with pytest.raises(DataError, match="'glaucoma' is .*, expected 0 or 1; .*--target") as caught:
        FairVLMed(tmp_path, "test")
    assert str(path) in str(caught.value)


def test_a_missing_target_lists_the_keys(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1)
    with pytest.raises(DataError, match="no array 'progression'; it holds age, ethnicity, gender"):
        FairVLMed(tmp_path, "test", target="progression")


def break_image(path: Path) -> None:
    """Change one byte of the stored image, which its checksum then belies."""
    content = bytearray(path.read_bytes())
    at = bytes(content).index(small_image(int(path.stem[-1])).tobytes())
    content[at] ^= 255
    path.write_bytes(bytes(content))


def test_a_truncated_file_stops_or_is_left_out_and_recorded(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=3)
    path = tmp_path / "Test" / "data_00002.npz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"data_00002.npz: truncated or corrupt.*--on-error skip"):
        FairVLMed(tmp_path, "test")
    split = FairVLMed(tmp_path, "test", on_error="skip")
    assert split.ids == ("data_00001", "data_00003")
    assert [s.id for s in samples(split)] == list(split.ids)
    ((skipped, reason),) = split.skipped
    assert skipped == "data_00002"
    assert "truncated or corrupt" in reason


def test_a_broken_image_is_found_when_it_is_decoded(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=3)
    break_image(tmp_path / "Test" / "data_00002.npz")
    with pytest.raises(DataError, match=r"data_00002.npz \('slo_fundus'\).*Bad CRC-32"):
        list(samples(FairVLMed(tmp_path, "test")))
    split = FairVLMed(tmp_path, "test", on_error="skip")
    assert split.skipped == []
    for _ in range(2):
        assert [s.id for s in samples(split)] == ["data_00001", "data_00003"]
        assert [id_ for id_, _ in split.skipped] == ["data_00002"]
    with pytest.raises(DataError, match="data_00002"):
        split.read(1)


def test_a_file_without_an_image_is_found_when_the_split_is_opened(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1)
    write_npz(tmp_path / "Test" / "b.npz", slo_fundus=None)
    with pytest.raises(DataError, match=r"b.npz: no array 'slo_fundus'"):
        FairVLMed(tmp_path, "test")
    assert len(FairVLMed(tmp_path, "test", on_error="skip")) == 1


def test_a_split_of_which_nothing_is_left_says_why(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=2, glaucoma=5)
    with pytest.raises(DataError, match=r"no usable file in the test split; .*data_00001.npz: 'gl"):
        FairVLMed(tmp_path, "test", on_error="skip")


def test_a_file_that_the_table_names_and_nobody_has_is_missed(tmp_path: Path) -> None:
    write_split(tmp_path, count=1)
    (tmp_path / "data_summary.csv").write_text(
        "filename,use\ndata_00001.npz,test\ndata_00002.npz,test\n"
    )
    with pytest.raises(DataError, match=r"data_00002.npz: no such file"):
        FairVLMed(tmp_path, "test")
    split = FairVLMed(tmp_path, "test", on_error="skip")
    assert [id_ for id_, _ in split.skipped] == ["data_00002"]


def test_the_fingerprint_follows_names_and_content_and_nothing_else(tmp_path: Path) -> None:
    write_split(tmp_path / "a" / "Test", count=3)
    shutil.copytree(tmp_path / "a" / "Test", tmp_path / "b" / "testing")
    original = FairVLMed(tmp_path / "a", "test").fingerprint()
    assert len(original) == 64
    assert FairVLMed(tmp_path / "b", "test").fingerprint() == original
    break_image(tmp_path / "b" / "testing" / "data_00003.npz")
    write_npz(tmp_path / "b" / "testing" / "data_00003.npz", slo_fundus=small_image(99), age=3)
    changed = FairVLMed(tmp_path / "b", "test").fingerprint()
    (tmp_path / "a" / "Test" / "data_00003.npz").rename(tmp_path / "a" / "Test" / "data_00004.npz")
    renamed = FairVLMed(tmp_path / "a", "test").fingerprint()
    assert len({original, changed, renamed}) == 3


def test_a_split_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=2)
    copy = pickle.loads(pickle.dumps(FairVLMed(tmp_path, "test")))
    assert [s.id for s in samples(copy)] == ["data_00001", "data_00002"]


def test_real_data_state_nothing_about_synthesis(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1)
    assert FairVLMed(tmp_path, "test").statement() is None
    (tmp_path / "SYNTHETIC.json").write_text('{"statement": "painted"}')
    assert FairVLMed(tmp_path, "test").statement() == "painted"
    (tmp_path / "SYNTHETIC.json").write_text("[]")
    assert FairVLMed(tmp_path, "test").statement() is None
