import csv
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fairness.attributes import GENDER, RACE
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.stream import samples
from fairness.errors import DataError, UsageError
from fairness.synthetic.fairvlmed import cup_contrast, draw_visits, run, write_fairvlmed
from fairness.synthetic.patients import draw_patient
from fairness.synthetic.recipe import Recipe

KEYS = {
    *("slo_fundus", "glaucoma", "race", "gender", "ethnicity", "language", "maritalstatus"),
    *("age", "md", "tds", "note", "note_extra", "subject", "eye", "visit"),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "fairvlmed"
    write_fairvlmed(folder, Recipe(train=5, val=3, test=4, seed=1))
    return folder


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def test_the_splits_are_read_like_the_published_ones(root: Path) -> None:
    splits = [FairVLMed(root, name, text_source="note") for name in ("train", "val", "test")]
    assert [len(split) for split in splits] == [5, 3, 4]
    assert [id_ for s in splits for id_ in s.ids] == [f"data_{i:05d}" for i in range(1, 13)]
    assert sorted(p.name for p in root.iterdir()) == [
        "SYNTHETIC.json",
        "Test",
        "Training",
        "Validation",
        "data_summary.csv",
        "gpt-4_summarized_notes.csv",
    ]
    for sample in samples(splits[2]):
        assert sample.image.shape == (664, 512)
        assert sample.text


def test_files_hold_the_published_keys_and_agree_with_both_tables(root: Path) -> None:
    summaries = {row["File Name"]: row for row in rows(root / "gpt-4_summarized_notes.csv")}
    folders = {"training": "Training", "validation": "Validation", "test": "Test"}
    count = 0
    for row in rows(root / "data_summary.csv"):
        with np.load(root / folders[row["use"]] / row["filename"]) as npz:
            assert set(npz) == KEYS
            assert npz["tds"].shape == (52,)
            assert float(row["age"]) == npz["age"]
            assert row["race"] == RACE.label(npz["race"].item()).lower()
            assert row["gender"] == GENDER.label(npz["gender"].item()).lower()
            assert row["glaucoma"] == ("yes" if npz["glaucoma"] else "no")
            assert row["note"] == npz["note"].item()
            assert npz["note_extra"].item().endswith(row["note"])
        assert row["gpt4_summary"] == summaries[row["filename"]]["Summarized Note"]
        count += 1
    assert count == len(summaries) == 12


def test_a_file_is_the_same_whatever_the_sizes_and_differs_by_seed(
    root: Path, tmp_path: Path
) -> None:
    write_fairvlmed(tmp_path / "a", Recipe(train=2, val=0, test=1, seed=1))
    write_fairvlmed(tmp_path / "b", Recipe(train=1, val=0, test=0, seed=2))
    original, smaller, other = contents(root), contents(tmp_path / "a"), contents(tmp_path / "b")
    assert smaller["Training/data_00002.npz"] == original["Training/data_00002.npz"]
    assert smaller["Test/data_00003.npz"] == original["Training/data_00003.npz"]
    assert other["Training/data_00001.npz"] != original["Training/data_00001.npz"]


def test_several_images_share_a_patient_and_stay_in_one_split() -> None:
    recipe = Recipe(train=5, val=3, test=4, images_per_patient=2)
    visits = list(draw_visits(recipe))
    numbers = [visit.patient.number for visit in visits]
    assert numbers == [1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 7]
    for first, second in pairwise(visits):
        if first.patient.number == second.patient.number:
            assert first.patient == second.patient
            assert {first.finding.eye, second.finding.eye} == {"OD", "OS"}
            assert first.split == second.split


def test_images_of_one_patient_differ_and_the_reader_joins_them(tmp_path: Path) -> None:
    write_fairvlmed(tmp_path / "d", Recipe(train=0, val=0, test=3, images_per_patient=3))
    split = FairVLMed(tmp_path / "d", "test")
    assert split.patients == ("1", "1", "1")
    images = [sample.image.astype(float) for sample in samples(split)]
    assert np.abs(images[0] - images[2]).mean() > 1
    assert all(len(set(codes.tolist())) == 1 for codes in split.codes.values())


def test_the_same_recipe_again_touches_nothing(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    write_fairvlmed(root, Recipe(train=5, val=3, test=4, seed=1))
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_an_interrupted_run_is_refused_by_the_reader_and_completed_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == 12
        if done == 7:
            raise KeyboardInterrupt

    folder = tmp_path / "d"
    with pytest.raises(KeyboardInterrupt):
        write_fairvlmed(folder, Recipe(train=5, val=3, test=4, seed=1), interrupt)
    with pytest.raises(DataError, match="was interrupted; run the same command again"):
        FairVLMed(folder, "train")
    write_fairvlmed(folder, Recipe(train=5, val=3, test=4, seed=1))
    assert contents(folder) == contents(root)


def test_other_data_are_neither_overwritten_nor_mixed(root: Path, tmp_path: Path) -> None:
    before = contents(root)
    with pytest.raises(UsageError, match="already holds other data"):
        write_fairvlmed(root, Recipe(train=5, val=3, test=4, seed=2))
    assert contents(root) == before
    (tmp_path / "data_summary.csv").write_text("real")
    with pytest.raises(UsageError, match="already holds other data"):
        write_fairvlmed(tmp_path, Recipe(train=1))
    assert [p.name for p in tmp_path.iterdir()] == ["data_summary.csv"]


def test_the_marker_states_the_recipe_and_the_effect(root: Path) -> None:
    marker = json.loads((root / "SYNTHETIC.json").read_text())
    assert marker["synthetic"] is True
    assert marker["complete"] is True
    assert marker["recipe"]["seed"] == 1
    assert marker["recipe"]["hard_group"] == "race=Black"
    statement = FairVLMed(root, "test").statement()
    assert statement == marker["statement"] == Recipe().statement()
    assert "race=Black loses 65% of the contrast" in statement
    assert "no group effect" in Recipe(strength=0).statement()


def test_the_effect_touches_the_hard_group_alone() -> None:
    patients = [draw_patient(0, number) for number in range(1, 200)]
    for recipe, attribute, code in (
        (Recipe(), "race", 1),
        (Recipe(hard_group="gender=Female", strength=0.25), "gender", 0),
    ):
        contrasts = {
            (patient.codes[attribute] == code, cup_contrast(patient, recipe))
            for patient in patients
        }
        assert contrasts == {(True, 1 - recipe.strength), (False, 1.0)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hard_group": "race=Green"}, r"'race=Green' does not exist; choose from race=Asian\|"),
        ({"hard_group": "Black"}, "does not exist"),
        ({"strength": 1.5}, r"strength is 1.5, must lie in 0\.\.1"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"train": -1}, "must not be negative"),
        ({"seed": -1}, "must not be negative"),
        ({"images_per_patient": 0}, "must be at least 1"),
    ],
)
def test_a_recipe_that_makes_no_sense_writes_nothing(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in changes.items()]
    with pytest.raises(UsageError, match=message):
        Recipe(**changes).check()  # type: ignore[arg-type]  # values of several types
    assert run(["--out", str(tmp_path / "d"), *options]) == 2
    assert not (tmp_path / "d").exists()


def test_the_command_writes_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--out", str(tmp_path / "d"), "--train", "1", "--val", "1", "--test", "1"]
    assert run(arguments) == 0
    assert "1 + 1 + 1 images" in capsys.readouterr().out
    assert len(FairVLMed(tmp_path / "d", "val")) == 1
    assert run([*arguments, "--seed", "4"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
