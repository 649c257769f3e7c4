from pathlib import Path

import numpy as np
import pytest
from fairseg_files import SHAPE, classes, keys, write_npz

from fairness.arrays import Array
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.stream import samples
from fairness.errors import DataError, UsageError

RELEASE = ("slo_fundus", "disc_cup_mask", "ethnicity", "maritalstatus")
CODE = ("fundus_slo", "disc_cup", "hispanic", "maritalstatus")
DERIVED = ("fundus", "disc_cup_borders", "ethnicity", "marriagestatus")
MIXED = ("fundus_slo", "disc_cup_borders", "ethnicity", "marriagestatus")


@pytest.mark.parametrize("names", [RELEASE, CODE, DERIVED, MIXED])
def test_every_naming_of_the_keys_reads_alike(tmp_path: Path, names: tuple[str, ...]) -> None:
    values = keys()
    renamed = dict(zip(RELEASE, names, strict=True))
    folder = tmp_path / "Test"
    folder.mkdir()
    np.savez(folder / "data_00001.npz", **{renamed.get(k, k): v for k, v in values.items()})
    split = FairSeg(tmp_path, "test")
    sample = split.read(0)
    np.testing.assert_array_equal(sample.image, values["slo_fundus"])
    np.testing.assert_array_equal(sample.target, classes())
    assert sample.attributes == {
        "race": 2,
        "gender": 1,
        "ethnicity": 1,
        "language": -1,
        "maritalstatus": 3,
    }
    assert (sample.id, *split.patients) == ("data_00001", "data_00001")
    assert split.covariates["age"].tolist() == [61.5]
    assert list(split.shapes) == [sample.image.shape]
    assert split.image_checksums[0].startswith(f"{names[0]} ")


def test_namings_may_differ_from_file_to_file(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", pid=7)
    write_npz(tmp_path / "Test" / "data_00002.npz", pid="P8", ethnicity=None, hispanic=0)
    split = FairSeg(tmp_path, "test")
    assert split.codes["ethnicity"].tolist() == [1, 0]
    assert split.patients == ("7", "P8")
    assert (split.name, split.is_carved, split.statement()) == ("fairseg", False, None)


STORED = [0.0, -1.0, -2.0]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("float64", STORED),
        ("float32", STORED),
        ("float16", STORED),
        ("int8", STORED),
        (">i2", STORED),
        ("int64", STORED),
        ("uint8", [0, 255, 254]),
        (">u2", [0, 65535, 65534]),
    ],
)
def test_masks_of_any_number_type(tmp_path: Path, dtype: str, values: list[float]) -> None:
    mask: Array = np.array(values, dtype)[classes()]
    write_npz(tmp_path / "Test" / "data_00001.npz", disc_cup_mask=mask)
    target = FairSeg(tmp_path, "test").read(0).target
    assert isinstance(target, np.ndarray)
    assert target.dtype == np.uint8
    np.testing.assert_array_equal(target, classes())


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        (classes(), "1"),
        (-classes().astype(np.float64) - 0.5 * (classes() == 2), "-2.5"),
        (np.where(classes() == 2, np.nan, 0), "nan"),
        (np.where(classes() == 2, -np.inf, 0), "-inf"),
        (-3 * (classes() == 2).astype(np.int8), "-3"),
        (np.where(classes() == 2, 253, 0).astype(np.uint8), "253"),
        (classes() > 0, "bool"),
        (np.zeros(SHAPE, "U1"), "<U1"),
    ],
)
def test_other_values_are_no_mask(tmp_path: Path, mask: Array, found: str) -> None:
    path = write_npz(tmp_path / "Test" / "data_00001.npz", disc_cup_mask=mask)
    with pytest.raises(DataError) as caught:
        FairSeg(tmp_path, "test").read(0)
    assert str(caught.value).startswith(
        f"{path}: 'disc_cup_mask' holds {found}, expected 0 background, -1 rim, -2 cup"
    )


FAULTS = [
    ({"disc_cup_mask": None}, "no array 'disc_cup_mask' or 'disc_cup' or 'disc_cup_borders'"),
    ({"slo_fundus": None}, "no array 'slo_fundus' or 'fundus_slo' or 'fundus'; it holds age"),
    ({"slo_fundus": np.full(SHAPE, 0.5)}, "holds float64, expected 0..255; multiply by 255"),
    ({"slo_fundus": np.full(SHAPE, 9.0)}, "holds float64, expected 0..255; store it as uint8"),
    ({"slo_fundus": np.zeros(36 * 40, np.uint8)}, "has shape (1440,), expected one grey image"),
    ({"slo_fundus": np.zeros((36, 40, 3), np.uint8)}, "has shape (36, 40, 3), expected one grey"),
    ({"slo_fundus": np.zeros((31, 40), np.uint8)}, "(31, 40), expected at least 32 x 32"),
    ({"disc_cup_mask": np.zeros((40, 36))}, "has shape (40, 36), its image (36, 40)"),
    ({"disc_cup_mask": np.zeros((1, *SHAPE))}, "has shape (1, 36, 40), its image (36, 40)"),
    ({"slo_fundus": np.full(SHAPE, None)}, "'slo_fundus' is an array of Python objects"),
    ({"age": "old"}, "'age' is the text 'old'"),
]


@pytest.mark.parametrize(("changes", "message"), FAULTS)
def test_a_fault_is_named_with_its_file_or_skipped(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz")
    path = write_npz(tmp_path / "Test" / "data_00002.npz", **changes)
    with pytest.raises(DataError) as caught:
        FairSeg(tmp_path, "test")
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    split = FairSeg(tmp_path, "test", on_error="skip")
    assert (len(split), split.ids) == (1, ("data_00001",))
    assert split.skipped == [("data_00002", str(caught.value))]


def test_a_broken_mask_is_skipped_when_it_is_decoded(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", disc_cup_mask=np.full(SHAPE, 7))
    write_npz(tmp_path / "Test" / "data_00002.npz")
    split = FairSeg(tmp_path, "test", on_error="skip")
    assert [sample.id for sample in samples(split)] == ["data_00002"]
    assert [id_ for id_, _ in split.skipped] == ["data_00001"]
    assert len(split) == 2


def test_a_split_of_faulty_files_alone_says_why(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", disc_cup_mask=None)
    with pytest.raises(DataError, match="no usable file in the test split; .*no array"):
        FairSeg(tmp_path, "test", on_error="skip")


def test_raw_race_codes_stop_the_reader_even_where_faults_are_skipped(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", race=7)
    with pytest.raises(DataError, match="race is 7, known are 0 Asian, 1 Black, 2 White"):
        FairSeg(tmp_path, "test", on_error="skip")


def test_an_unknown_code_is_named_by_the_key_it_stands_in(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_00001.npz", maritalstatus=None, marriagestatus=9)
    with pytest.raises(DataError, match="marriagestatus is 9"):
        FairSeg(tmp_path, "test")


def test_the_mask_is_the_only_target(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no target 'glaucoma'; use mask"):
        FairSeg(tmp_path, "test", target="glaucoma")
