from pathlib import Path

import numpy as np
import pytest
from fairfedmed_files import CHEST_HEADER, write_chest, write_lines, write_picture
from PIL import Image as Pillow

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.squash import squash
from fairness.datasets.stream import samples
from fairness.errors import DataError

NIH = Path(__file__).parents[4] / "shared" / "data" / "nih_chest_fairfedmed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_chest(
        tmp_path,
        "meta_chexpert_race_test",
        [
            "train/patient00001/study1/view1_frontal.jpg,1,0,1,0",
            "train/patient00002/study1/view1_frontal.jpg,0,2,0,1",
            "train/patient00001/study2/view1_frontal.jpg,0,-1,,unknown",
        ],
    )
    write_chest(
        tmp_path,
        "meta_mimic_race_test",
        ["p10/p10000032/s50414267/02aa.png,1.0,asian,Female,60+"],
        folder="files_336p",
    )
    return tmp_path


def test_codes_and_names_of_groups_labels_and_patients_are_read(root: Path) -> None:
    split = FairFedMedChest(root, "test")
    assert split.ids == (
        "p10/p10000032/s50414267/02aa",
        "train/patient00001/study1/view1_frontal",
        "train/patient00001/study2/view1_frontal",
        "train/patient00002/study1/view1_frontal",
    )
    assert split.patients == ("p10000032", "patient00001", "patient00001", "patient00002")
    assert split.labels.tolist() == [1, 1, 0, 0]
    named = {a.name: [a.label(c) for c in split.codes[a.name]] for a in split.attributes}
    assert named == {
        "race": ["Asian", "White", "unknown", "Black"],
        "gender": ["Female", "Male", "unknown", "Female"],
        "age": ["60+", "0-60", "unknown", "60+"],
        "site": ["mimic", "chexpert", "chexpert", "chexpert"],
    }
    assert split.name == "fairfedmed-chest"


def test_images_come_as_stored_or_squashed_to_one_size(root: Path) -> None:
    split = FairFedMedChest(root, "test", sites=("mimic",))
    pixels = np.asarray(Pillow.open(root / "files_336p/p10/p10000032/s50414267/02aa.png"))
    np.testing.assert_array_equal(split.read(0).image, pixels)
    squashed = FairFedMedChest(root, "test", shape=(6, 8))
    assert {sample.image.shape for sample in samples(squashed)} == {(6, 8)} == set(squashed.shapes)
    assert list(split.shapes) == [pixels.shape]
    np.testing.assert_array_equal(squashed.read(0).image, squash(pixels, (6, 8)))
    assert squashed.fingerprint() == FairFedMedChest(root, "test").fingerprint()


def test_a_column_names_the_patient_and_another_the_target(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "a.png")
    lines = [f"{CHEST_HEADER},patient,fibrosis", "a.png,0,0,0,0,P9,1"]
    write_lines(tmp_path / "meta_x_age_test.csv", lines)
    split = FairFedMedChest(tmp_path, "test", attribute="age", target="fibrosis")
    assert (split.patients, split.labels.tolist()) == (("P9",), [1])


@pytest.mark.parametrize("word", ["", "-1.0", "N/A", "not recorded", "?", "UNK", "<NA>", "-9"])
def test_the_unknown_is_written_as_in_every_file(tmp_path: Path, word: str) -> None:
    write_picture(tmp_path / "a.png")
    lines = [f"{CHEST_HEADER},patient", f"a.png,0,{word},{word},{word},{word}"]
    write_lines(tmp_path / "meta_x_age_test.csv", lines)
    split = FairFedMedChest(tmp_path, "test", attribute="age")
    assert [split.codes[name].tolist() for name in ("race", "gender", "age")] == [[-1]] * 3
    assert split.patients == ("a",)


def test_the_fingerprint_covers_pictures_labels_and_codes(root: Path) -> None:
    seen = {FairFedMedChest(root, "test", sites=("mimic",)).fingerprint()}
    name = "p10/p10000032/s50414267/02aa.png"
    for row in (f"{name},0,asian,Female,60+", f"{name},1,White,Female,60+"):
        write_lines(root / "meta_mimic_race_test.csv", [CHEST_HEADER, row])
        seen.add(FairFedMedChest(root, "test", sites=("mimic",)).fingerprint())
    write_picture(root / "files_336p" / name, seed=5)
    seen.add(FairFedMedChest(root, "test", sites=("mimic",)).fingerprint())
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("absent.png,0,0,0,0", r"row 2: no .*absent\.png, nor in files_336p or images there"),
        ("../x.png,0,0,0,0", r"row 2: filename '\.\./x\.png' is no file below"),
        ("a.png,2,0,0,0", "row 2: disease_label is '2', expected 0 or 1"),
        ("a.png,0,3,0,0", "row 2: race_label is '3', known are 0 White, 1 Asian, 2 Black"),
        ("a.png,0,0,0,0.5", r"row 2: age_label is '0\.5', known are 0 0-60, 1 60\+"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    write_picture(tmp_path / "a.png")
    table = tmp_path / "meta_x_race_test.csv"
    write_lines(table, [CHEST_HEADER, "a.png,0,0,0,0", row])
    with pytest.raises(DataError, match=message) as caught:
        FairFedMedChest(tmp_path, "test")
    assert str(caught.value).startswith(str(table))
    assert "\n" not in str(caught.value)


def test_a_missing_column_lists_the_columns(root: Path) -> None:
    with pytest.raises(DataError, match="no column 'glaucoma'; it has filename, disease_label"):
        FairFedMedChest(root, "test", target="glaucoma")


def test_a_broken_picture_stops_or_is_left_out(root: Path) -> None:
    path = root / "files_336p/p10/p10000032/s50414267/02aa.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"02aa\.png: no readable PNG or JPEG"):
        list(samples(FairFedMedChest(root, "test")))
    split = FairFedMedChest(root, "test", on_error="skip")
    assert (len(split), len(list(samples(split)))) == (4, 3)
    assert [id_ for id_, _ in split.skipped] == ["p10/p10000032/s50414267/02aa"]


@pytest.mark.realdata
@pytest.mark.skipif(not NIH.is_dir(), reason="the NIH pack does not lie beside the project")
def test_the_two_views_of_nih_are_sites() -> None:
    splits = [FairFedMedChest(NIH, name) for name in ("train", "val", "test")]
    whole = {
        name: np.bincount(np.hstack([s.codes[name] for s in splits]) + 1, minlength=3).tolist()
        for name in ("race", "gender", "age", "site")
    }
    assert whole == {
        "race": [1000, 0, 0],
        "gender": [0, 509, 491],  # Female, Male, as the pack says
        "age": [0, 470, 530],
        "site": [0, 363, 637],
    }
    assert splits[0].attributes[-1].groups == ("ap", "pa")
    assert np.bincount(splits[2].codes["site"]).tolist() == [144, 172]
    assert sum(int(s.labels.sum()) for s in splits) == 501
    patients = [set(s.patients) for s in splits]
    assert len(set.union(*patients)) == sum(map(len, patients)) == 264
    assert {s.image.shape for s in samples(splits[1])} == {(64, 64)}
