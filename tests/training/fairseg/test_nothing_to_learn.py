"""Data from which a fair network cannot be learned are refused before an epoch is trained."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_seg_run import rewrite, small_config, write_small_data

from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError, UsageError
from training.fairseg.config import FairMode
from training.fairseg.train import train

MODES: tuple[FairMode, ...] = ("safe", "reference", "upweight_hard", "groupdro", "adversarial")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


def copy_with(data: Path, folder: Path, **changes: object) -> Path:
    """The data set with some arrays of every file replaced."""
    shutil.copytree(data, folder)
    for file in folder.glob("*.npz"):
        rewrite(file, **changes)
    return folder


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("code", "groups"), [(-1, "unknown"), (1, "Black or unknown")])
def test_a_fair_mode_needs_two_groups(
    mode: FairMode, code: int, groups: str, data: Path, tmp_path: Path
) -> None:
    root = copy_with(data, tmp_path / "d", race=code)
    config = replace(small_config(root), fair_mode=mode)
    message = f"race is {groups} in all training samples, and --fair-mode {mode} needs two"
    with pytest.raises(UsageError, match=message):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_a_fair_mode_no_group_is_needed(data: Path, tmp_path: Path) -> None:
    root = copy_with(data, tmp_path / "d", race=-1)
    train(replace(small_config(root), fair_mode="none", epochs=1), tmp_path / "run")
    *_, rim, cup = (tmp_path / "run" / "train.log").read_text().splitlines()
    assert "validation Dice of the rim" in rim
    assert "WARNING validation Dice of the cup 0.000, of the best constant mask" in cup


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize(("kept", "lacking"), [((), "rim"), ((-1,), "cup"), ((-2,), "rim")])
def test_masks_without_a_structure_are_refused(
    split: str, kept: tuple[int, ...], lacking: str, data: Path, tmp_path: Path
) -> None:
    root = copy_with(data, tmp_path / "d")
    for id_ in FairSeg(root, split).ids:
        with np.load(root / f"{id_}.npz") as stored:
            mask = stored["disc_cup_mask"]
        rewrite(root / f"{id_}.npz", disc_cup_mask=np.where(np.isin(mask, kept), mask, 0))
    with pytest.raises(DataError, match=f"no {split} mask has a {lacking} within the crop of 80"):
        train(small_config(root), tmp_path / "run")


def test_some_masks_without_a_cup_are_counted_in_the_log(data: Path, tmp_path: Path) -> None:
    root = copy_with(data, tmp_path / "d")
    file = root / f"{FairSeg(root, 'train').ids[0]}.npz"
    with np.load(file) as stored:
        mask = stored["disc_cup_mask"]
    rewrite(file, disc_cup_mask=np.where(mask == -2, -1, mask))
    train(replace(small_config(root), epochs=1), tmp_path / "run")
    assert "WARNING 1 of 16 train masks have no cup" in (tmp_path / "run/train.log").read_text()


def test_samples_that_groupdro_leaves_out_are_counted_in_the_log(
    data: Path, tmp_path: Path
) -> None:
    root = copy_with(data, tmp_path / "d")
    for id_ in FairSeg(root, "train").ids[:5]:
        rewrite(root / f"{id_}.npz", race=-1)
    config = replace(small_config(root), fair_mode="groupdro", epochs=1)
    train(config, tmp_path / "run")
    said = (tmp_path / "run" / "train.log").read_text()
    assert "WARNING 5 of 16 training samples have an unknown race" in said
