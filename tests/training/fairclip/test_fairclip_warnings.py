"""Data from which FairCLIP learns nothing, or nothing fair: said in `train.log`, or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_run import small_config, write_small_data

from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import checkpoint
from training.checkpoint_record import FairSegRecord
from training.fairclip.train import train

pytestmark = pytest.mark.further


def rewrite(root: Path, folder: str, **changes: object) -> None:
    """Replace arrays in all files of a folder of the data set."""
    for file in root.glob(f"{folder}/*.npz"):
        with np.load(file) as arrays:
            np.savez(file, **{**arrays, **changes})


def test_one_group_only_is_said_in_the_log_and_so_is_what_was_learned(tmp_path: Path) -> None:
    root = write_small_data(tmp_path)
    rewrite(root, "*", race=np.int64(1))
    train(small_config(root), tmp_path / "run")
    lines = (tmp_path / "run" / "train.log").read_text().splitlines()
    assert sum("WARNING race is Black or unknown in all training samples" in x for x in lines) == 1
    assert "WARNING validation AUC" in lines[-1]  # one epoch on 24 images teaches nothing
    assert "does not show that anything was learned" in lines[-1]


@pytest.mark.parametrize(("folder", "split"), [("Validation", "val"), ("Training", "train")])
def test_a_split_of_one_class_is_named(folder: str, split: str, tmp_path: Path) -> None:
    root = write_small_data(tmp_path)
    rewrite(root, folder, glaucoma=np.int64(1))
    with pytest.raises(DataError, match=rf"glaucoma is 1 for all \d+ images of the {split} split"):
        train(small_config(root), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_warnings_of_one_run_are_not_in_the_log_of_the_next(tmp_path: Path) -> None:
    root = write_small_data(tmp_path)
    broken = next(iter(sorted(root.glob("Training/*.npz"))))
    with np.load(broken) as arrays:
        np.savez(broken, **{**arrays, "slo_fundus": np.zeros((4, 4))})
    config = replace(small_config(root), on_error="skip")
    for name in ("first", "second"):
        train(config, tmp_path / name)
        assert (tmp_path / name / "train.log").read_text().count("WARNING left out:") == 1


def test_patients_and_images_of_both_splits_are_counted_in_the_log(tmp_path: Path) -> None:
    root = write_small_data(tmp_path)
    seen = sorted(root.glob("Training/*.npz"))[:3]
    for i, (file, other) in enumerate(
        zip(sorted(root.glob("Validation/*.npz")), seen, strict=False)
    ):
        with np.load(file) as ours, np.load(other) as theirs:
            image = {"slo_fundus": theirs["slo_fundus"]} if i else {}
            np.savez(file, **{**ours, **image, "pid": "p7"})
            np.savez(other, **{**theirs, "pid": "p7" if i else "p8"})
    train(small_config(root), tmp_path / "run")
    said = (tmp_path / "run" / "train.log").read_text()
    assert "WARNING 2 images and 1 patients of the val split are in the train split, too" in said


def test_an_epoch_selected_on_test_is_warned_of_and_recorded(tmp_path: Path) -> None:
    write_fairvlmed(tmp_path / "fairvlmed", Recipe(train=24, val=12, test=14, seed=5))
    config = replace(small_config(tmp_path / "fairvlmed"), select_on="test", epochs=2)
    record = checkpoint.load(train(config, tmp_path / "run")).record
    log = (tmp_path / "run" / "train.log").read_text()
    assert "WARNING --select-on test: the epoch is chosen on the split that is reported" in log
    assert record.selected_on is not None
    chosen = f"kept epoch {record.selected_on.epoch}, selected on test: test AUC"
    assert f"{chosen} {record.selected_on.value:.3f}" in log
    test = FairVLMed(tmp_path / "fairvlmed", "test")
    assert record.selected_on.tells_of("test", test.fingerprint())
    assert not isinstance(record, FairSegRecord)
    assert record.threshold.split == "val"
