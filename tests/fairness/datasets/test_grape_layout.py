"""The layout of the GRAPE pack: one folder, numeric codes, `use`, subjects, no race, no notes."""

from pathlib import Path

import numpy as np
import pytest
from fairvlmed_files import small_image, write_npz

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.errors import DataError

GRAPE = Path(__file__).parents[4] / "shared" / "data" / "grape_fairvlmed"
USES = ("val", "val", "train", "train", "test", "test")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lines = ["filename,subject,eye,age,gender,race,ethnicity,language,maritalstatus,glaucoma,use"]
    for number, use in enumerate(USES, start=1):
        subject, gender = (number + 1) // 2, number % 2
        write_npz(
            tmp_path / f"data_{number:05d}.npz",
            slo_fundus=small_image(number),
            **dict.fromkeys(("race", "ethnicity", "language", "maritalstatus"), -1),
            gender=gender,
            age=40.0 + number,
            md=np.float32("nan"),
            tds=np.full(52, np.nan, np.float32),
            note="",
            note_extra="",
            iop=14.7,
            progression_plr2=int(number % 2 == 0),
            subject=subject,
            eye="OD",
        )
        codes = f"{40.0 + number},{gender},-1,-1,-1,-1,1"
        lines.append(f"data_{number:05d}.npz,{subject},OD,{codes},{use}")
    (tmp_path / "data_summary.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("split", "numbers"), [("train", (3, 4)), ("val", (1, 2)), ("test", (5, 6))]
)
def test_each_split_holds_its_rows(root: Path, split: str, numbers: tuple[int, ...]) -> None:
    opened = FairVLMed(root, split, target="progression_plr2", text_source="label")
    assert opened.ids == tuple(f"data_{n:05d}" for n in numbers)
    assert opened.labels.tolist() == [0, 1]
    assert opened.patients == (str(numbers[1] // 2),) * 2
    assert opened.codes["gender"].tolist() == [1, 0]
    for name in ("race", "ethnicity", "language", "maritalstatus"):
        assert opened.codes[name].tolist() == [-1, -1]
    assert opened.covariates["age"].tolist() == [40.0 + n for n in numbers]
    assert np.isnan(opened.covariates["md"]).all()
    np.testing.assert_array_equal(opened.read(0).image, small_image(numbers[0]))


def test_its_empty_notes_are_refused_as_texts(root: Path) -> None:
    with pytest.raises(DataError, match="its note is missing or empty"):
        FairVLMed(root, "train", target="progression_plr2", text_source="note")


@pytest.mark.realdata
@pytest.mark.skipif(not GRAPE.is_dir(), reason="the GRAPE pack does not lie beside the project")
def test_the_real_pack_is_read_whole() -> None:
    splits = {
        name: FairVLMed(GRAPE, name, target="progression_plr2") for name in ("train", "val", "test")
    }
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 281,
        "val": 79,
        "test": 91,
    }
    assert sum(int(split.labels.sum()) for split in splits.values()) == 66
    genders = np.concatenate([split.codes["gender"] for split in splits.values()])
    assert np.bincount(genders).tolist() == [217, 234]
    assert all((split.codes["race"] == -1).all() for split in splits.values())
    patients = [set(split.patients) for split in splits.values()]
    assert len(set.union(*patients)) == sum(map(len, patients)) == 109
    shapes = {sample.image.shape for split in splits.values() for sample in samples(split)}
    assert shapes == {(256, 256)}
