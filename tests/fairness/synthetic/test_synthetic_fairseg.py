import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from fairness.datasets.fairseg import FairSeg
from fairness.datasets.stream import samples
from fairness.errors import DataError, UsageError
from fairness.samples import Sample
from fairness.synthetic.fairseg import SHARES, SegRecipe, run, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.patients import draw_patient
from fairness.synthetic.recipe import Recipe

SMALL = (96, 112)
RECIPE = SegRecipe(train=6, val=3, test=4, seed=1, size=SMALL)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "fairseg"
    write_fairseg(folder, RECIPE)
    return folder


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_the_splits_are_read_by_their_lists(root: Path) -> None:
    splits = [FairSeg(root, name) for name in ("train", "val", "test")]
    assert [len(split) for split in splits] == [6, 3, 4]
    assert [id_ for s in splits for id_ in s.ids] == [f"data_{i:05d}" for i in range(1, 14)]
    assert not any(split.is_carved for split in splits)
    for sample in samples(splits[0]):
        assert isinstance(sample.target, np.ndarray)
        assert sample.image.shape == sample.target.shape == SMALL
        assert np.unique(sample.target).tolist() == [0, 1, 2]


def test_files_hold_the_keys_types_and_size_of_the_release(tmp_path: Path) -> None:
    write_fairseg(tmp_path / "d", SegRecipe(train=1, val=0, test=0))
    with np.load(tmp_path / "d" / "data_00001.npz") as npz:
        names = {"age", "gender", "race", "language", "ethnicity", "maritalstatus", "pid"}
        assert set(npz) == names | {"slo_fundus", "disc_cup_mask"}
        assert npz["slo_fundus"].shape == npz["disc_cup_mask"].shape == (664, 798)
        assert npz["slo_fundus"].dtype == np.uint8
        assert npz["disc_cup_mask"].dtype == np.float64
        assert np.unique(npz["disc_cup_mask"]).tolist() == [-2, -1, 0]
        assert all(npz[name].shape == () for name in names)


def test_without_a_validation_list_the_reader_carves_one(tmp_path: Path) -> None:
    write_fairseg(tmp_path / "d", SegRecipe(train=30, val=0, test=1, size=(64, 64)))
    train, val = FairSeg(tmp_path / "d", "train"), FairSeg(tmp_path / "d", "val")
    assert val.is_carved
    assert len(train) + len(val) == 30


def test_a_file_is_the_same_whatever_the_sizes_and_differs_by_seed(
    root: Path, tmp_path: Path
) -> None:
    write_fairseg(tmp_path / "a", SegRecipe(train=2, val=0, test=1, seed=1, size=SMALL))
    write_fairseg(tmp_path / "b", SegRecipe(train=1, val=0, test=0, seed=2, size=SMALL))
    original, smaller, other = contents(root), contents(tmp_path / "a"), contents(tmp_path / "b")
    assert smaller["data_00003.npz"] == original["data_00003.npz"]
    assert other["data_00001.npz"] != original["data_00001.npz"]


def test_an_interrupted_run_is_refused_by_the_reader_and_completed_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        assert total == 13
        if done == 7:
            raise KeyboardInterrupt

    folder = tmp_path / "d"
    with pytest.raises(KeyboardInterrupt):
        write_fairseg(folder, RECIPE, interrupt)
    with pytest.raises(DataError, match="was interrupted; run the same command again"):
        FairSeg(folder, "train")
    written = (folder / "data_00001.npz").stat().st_mtime_ns
    write_fairseg(folder, RECIPE)
    assert contents(folder) == contents(root)
    assert (folder / "data_00001.npz").stat().st_mtime_ns == written


def test_the_same_recipe_again_touches_nothing_and_another_is_refused(
    root: Path, tmp_path: Path
) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    write_fairseg(root, RECIPE)
    with pytest.raises(UsageError, match="already holds other data"):
        write_fairseg(root, SegRecipe(train=6, val=3, test=4, seed=1, size=(96, 113)))
    with pytest.raises(UsageError, match="already holds other data"):
        write_fairvlmed(root, Recipe(train=6, val=3, test=4, seed=1))
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def border_contrast(sample: Sample) -> float:
    """Grey levels by which the cup near its border outshines the rim near it."""
    assert isinstance(sample.target, np.ndarray)
    cup = sample.target == 2
    inner = cup & ~binary_erosion(cup, iterations=4)
    outer = binary_dilation(cup, iterations=4) & ~cup
    rim = sample.target == 1
    return float(np.mean(sample.image[inner]) - np.mean(sample.image[outer & rim]))


def test_the_hard_group_alone_loses_the_stated_share_at_the_border_of_its_cups(
    tmp_path: Path,
) -> None:
    """The same patients with the effect planted, with none, and with invisible cups."""
    splits = {}
    for name, strength in (("none", 0.0), ("some", 0.6), ("all", 1.0)):
        recipe = SegRecipe(train=0, val=0, test=24, size=(332, 399), hard_group="gender=Male")
        write_fairseg(tmp_path / name, replace(recipe, strength=strength))
        splits[name] = FairSeg(tmp_path / name, "test")
    male = splits["none"].codes["gender"] == 1
    contrasts = {
        name: np.array([border_contrast(x) for x in samples(s)]) for name, s in splits.items()
    }
    for index in np.flatnonzero(~male):
        images = [split.read(index).image for split in splits.values()]
        assert all(np.array_equal(images[0], image) for image in images)
    none, some, gone = (values[male].mean() for values in contrasts.values())
    assert (none - some) / (none - gone) == pytest.approx(0.6, abs=0.05)
    easy = contrasts["none"][~male].mean()
    assert none == pytest.approx(easy, rel=0.25)  # alike where nothing is planted
    assert some < 0.6 * easy


def test_the_marker_states_the_effect(root: Path) -> None:
    marker = json.loads((root / "SYNTHETIC.json").read_text())
    assert (marker["synthetic"], marker["complete"]) == (True, True)
    assert marker["recipe"]["size"] == list(SMALL)
    assert FairSeg(root, "test").statement() == marker["statement"] == RECIPE.statement()
    assert "race=Black loses 75% of the contrast of the cup" in marker["statement"]


def test_people_have_the_shares_that_are_stated() -> None:
    patients = [draw_patient(0, number, SHARES) for number in range(1, 4001)]
    for attribute, shares in SHARES.items():
        codes = np.array([patient.codes[attribute.name] for patient in patients])
        for code, share in enumerate(shares):
            # Four standard errors of a share.
            margin = 4 * np.sqrt(share * (1 - share) / 4000)
            assert (codes == code).mean() == pytest.approx(share, abs=margin)
    assert 0.04 < np.mean([patient.codes["ethnicity"] == -1 for patient in patients]) < 0.09


def test_the_command_writes_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--train", "1", "--val", "1", "--test", "1"]
    arguments = ["--out", str(tmp_path / "d"), *sizes, "--size", "64", "80"]
    assert run(arguments) == 0
    assert "1 + 1 + 1 images" in capsys.readouterr().out
    assert FairSeg(tmp_path / "d", "val").read(0).image.shape == (64, 80)
    assert run(["--out", str(tmp_path / "e"), "--size", "63", "80"]) == 2
    error = capsys.readouterr().err
    assert "size is (63, 80), must be at least 64 x 64" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "e").exists()
