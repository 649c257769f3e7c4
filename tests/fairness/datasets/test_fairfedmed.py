from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fairfedmed_files import small_volume, write_lines, write_oph
from fairvlmed_files import small_image, write_npz

from fairness.arrays import Array
from fairness.datasets.fairfedmed import FairFedMedOct, FairFedMedOph
from fairness.datasets.stream import samples
from fairness.errors import DataError, UsageError

GRAPE = Path(__file__).parents[4] / "shared" / "data" / "grape_fairvlmed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sites; the second one's patients are of unknown language."""
    write_oph(tmp_path, "meta_site1_race_test", (3, 1), race=1)
    write_oph(tmp_path, "meta_site2_race_test", (2,), glaucoma=0, language=-1)
    write_oph(tmp_path, "meta_site1_race_train", range(10, 30))
    write_oph(tmp_path, "meta_site2_race_train", range(30, 35))
    rows = [f"{i},data_{n:05d}.npz,female,yes" for i, n in enumerate((1, 2, 3))]
    header = ",filename,gender,glaucoma"
    write_lines(tmp_path / "meta_site1_gender_test.csv", [header, *rows])
    return tmp_path


def test_samples_of_all_sites_are_sorted_and_say_their_site(root: Path) -> None:
    split = FairFedMedOph(root, "test")
    assert split.ids == ("data_00001", "data_00002", "data_00003")
    assert split.attributes[-1].groups == ("1", "2")
    assert split.codes["site"].tolist() == [0, 1, 0]
    assert (split.name, split.target) == ("fairfedmed-slo", "glaucoma")
    first, second = list(samples(split)), list(samples(split))
    for a, b, number in zip(first, second, (1, 2, 3), strict=True):
        np.testing.assert_array_equal(a.image, small_image(number))
        np.testing.assert_array_equal(a.image, b.image)
        assert split.covariates["age"][split.ids.index(a.id)] == number
        assert dict(a.attributes) == {n: int(c[number - 1]) for n, c in split.codes.items()}
    assert list(first[0].attributes)[-1] == "site"


def test_npz_values_rule_and_the_words_of_the_csv_are_tolerated(root: Path) -> None:
    split = FairFedMedOph(root, "test", attribute="gender")
    assert split.attributes[-1].groups == ("1",)
    assert split.labels.tolist() == [1, 0, 1]


def test_oct_volumes_are_read_whole(root: Path) -> None:
    split = FairFedMedOct(root, "test")
    assert split.name == "fairfedmed-oct"
    np.testing.assert_array_equal(split.read(2).image, small_volume(3))


def test_one_site_keeps_its_code(root: Path) -> None:
    split = FairFedMedOph(root, "test", sites=("2",))
    assert split.ids == ("data_00002",)
    assert split.codes["site"].tolist() == [1]
    assert split.codes["language"].tolist() == [-1]


def test_a_tenth_of_the_training_patients_validate(root: Path) -> None:
    train, val = (FairFedMedOph(root, name) for name in ("train", "val"))
    assert sorted([*train.ids, *val.ids]) == [f"data_{n:05d}" for n in range(10, 35)]
    for site in ("1", "2"):
        alone = FairFedMedOph(root, "val", sites=(site,))
        assert set(alone.ids) <= set(val.ids)
    assert np.bincount(val.codes["site"]).min() >= 1
    write_oph(root, "meta_site1_race_val", (40,))
    assert "data_00040" in FairFedMedOph(root, "val").ids
    assert FairFedMedOph(root, "train", sites=("1",)).ids[0] == "data_00010"
    assert len(FairFedMedOph(root, "train", sites=("1",))) == 20


def test_images_of_a_patient_stay_together(tmp_path: Path) -> None:
    write_oph(tmp_path, "meta_site1_race_train", ())
    rows = [f"data_{n:05d}.npz" for n in range(60)]
    for number, name in enumerate(rows):
        write_npz(tmp_path / name, subject=number // 3)
    write_lines(tmp_path / "meta_site1_race_train.csv", ["filename", *rows])
    train, val = (FairFedMedOph(tmp_path, name) for name in ("train", "val"))
    assert not set(train.patients) & set(val.patients)
    assert set(Counter(val.patients).values()) == {3}


@pytest.mark.parametrize("empty", [np.zeros(0, np.uint8), np.zeros((0, 4, 4), np.uint8)])
def test_who_lacks_the_image_is_left_out_and_counted(root: Path, empty: Array) -> None:
    write_npz(root / "all" / "data_00003.npz", oct_bscans=empty, age=3)
    split = FairFedMedOct(root, "test")
    assert split.ids == ("data_00001", "data_00002")
    ((id_, reason),) = split.skipped
    assert id_ == "data_00003"
    assert "'oct_bscans' is empty" in reason
    assert len(FairFedMedOph(root, "test")) == 3


def test_the_fingerprint_follows_the_files(root: Path) -> None:
    before = FairFedMedOph(root, "test").fingerprint()
    assert before == FairFedMedOph(root, "test").fingerprint()
    write_npz(root / "all" / "data_00003.npz", oct_bscans=small_volume(3), age=3, race=0)
    assert before != FairFedMedOph(root, "test").fingerprint()


def test_faults_stop_or_are_recorded(root: Path) -> None:
    (root / "all" / "data_00002.npz").write_bytes(b"PK")
    (root / "all" / "data_00003.npz").unlink()
    with pytest.raises(DataError, match=r"_test\.csv row 1: data_00003\.npz lies neither in"):
        FairFedMedOph(root, "test")
    split = FairFedMedOph(root, "test", on_error="skip")
    assert split.ids == ("data_00001",)
    assert [id_ for id_, _ in split.skipped] == ["data_00003", "data_00002"]
    write_npz(root / "all" / "data_00001.npz", race=7)
    with pytest.raises(DataError, match=r"data_00001\.npz: race is 7, known are 0 Asian"):
        FairFedMedOph(root, "test", on_error="skip")


def test_a_wrong_shape_is_refused_when_the_split_is_opened(root: Path) -> None:
    write_npz(root / "all" / "data_00001.npz", slo_fundus=small_volume())
    with pytest.raises(DataError, match=r"data_00001\.npz: 'slo_fundus' has shape \(4, 6, 5\)"):
        FairFedMedOph(root, "test")


def test_a_file_that_comes_twice_is_refused(root: Path) -> None:
    write_oph(root, "meta_site2_race_test", (3,))
    with pytest.raises(DataError, match=r"data_00003\.npz comes twice .* at site 2"):
        FairFedMedOph(root, "test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute": "age"}, "no attribute 'age' here; use one of race, gender"),
        ({"sites": ("1", "9")}, "no site '9'; there are 1, 2"),
        ({"split": "dev"}, "unknown split 'dev'"),
    ],
)
def test_what_does_not_exist_is_a_usage_error(
    root: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        FairFedMedOph(root, **({"split": "test"} | options))  # type: ignore[arg-type]  # any type


@pytest.mark.realdata
@pytest.mark.skipif(not GRAPE.is_dir(), reason="the GRAPE pack does not lie beside the project")
def test_the_three_cameras_of_grape_are_sites() -> None:
    train, val, test = (
        FairFedMedOph(GRAPE, name, attribute="gender", target="progression_plr2")
        for name in ("train", "val", "test")
    )
    counts = [np.bincount(split.codes["site"]).tolist() for split in (train, val, test)]
    assert np.sum(counts[:2], axis=0).tolist() == [52, 186, 122]
    assert counts[2] == [15, 41, 35]
    assert min(counts[1]) > 0
    assert sum(int(split.labels.sum()) for split in (train, val, test)) == 66
    genders = np.concatenate([split.codes["gender"] for split in (train, val, test)])
    assert np.bincount(genders).tolist() == [217, 234]
    patients = [set(split.patients) for split in (train, val, test)]
    assert len(set.union(*patients)) == sum(map(len, patients)) == 109
    assert test.read(0).image.shape == (256, 256)
