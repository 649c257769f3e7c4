"""Crops: the centre as numpy cuts it, changes that keep image and mask together, bad files."""

from pathlib import Path

import numpy as np
import pytest
from small_seg_run import rewrite, write_small_data

from fairness.arrays import Image
from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError
from training.fairseg.crops import Crops, changed


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> FairSeg:
    return FairSeg(write_small_data(tmp_path_factory.mktemp("crops"), val=1), "train")


def numbered(side: int = 9) -> Image:
    return np.arange(side**2, dtype=np.uint8).reshape(side, side)


def test_changes_are_turns_flips_small_rotations_or_nothing() -> None:
    image = numbered()
    dihedral = [np.rot90(part, k) for k in range(4) for part in (image, image.T)]
    kinds = {"same": 0, "turned": 0, "rotated": 0}
    for seed in range(400):
        found, mask = changed(image, image, np.random.default_rng(seed))
        np.testing.assert_array_equal(found, mask)  # both move alike
        assert found.shape == image.shape
        assert set(found.ravel()) <= set(image.ravel()) | {0}
        assert abs(int(found[4, 4]) - image[4, 4]) <= 10  # the middle stays in the middle
        if np.array_equal(found, image):
            kinds["same"] += 1
        elif any(np.array_equal(found, other) for other in dihedral):
            kinds["turned"] += 1
        else:
            kinds["rotated"] += 1
    # Half are turned (an eighth of them back to the same), a quarter rotated, a quarter the same.
    assert 150 < kinds["turned"] < 225
    assert 75 < kinds["rotated"] < 125
    assert 75 < kinds["same"] < 160


def test_the_crop_is_the_centre_as_stored(split: FairSeg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fairseg.crops.changed", lambda image, mask, rng: (image, mask))
    images, masks = Crops(split, 80, 1).fetch(np.array([3, 0]), (0, 0))
    for number, i in enumerate((3, 0)):
        sample = split.read(i)
        np.testing.assert_array_equal(images[number], sample.image[8:88, 16:96])
        np.testing.assert_array_equal(masks[number], np.asarray(sample.target)[8:88, 16:96])


def test_what_is_kept_and_what_is_read_again_are_equal(split: FairSeg) -> None:
    kept, read = Crops(split, 80, 1), Crops(split, 80, 0)
    for crops in (kept, read):
        usable, shape = crops.check(skip=False)
        assert shape == (96, 112)
        np.testing.assert_array_equal(usable, np.arange(16))
    assert len(kept._kept) == 16
    assert not read._kept
    for step in range(3):
        index = np.array([step, 15 - step])
        for ours, theirs in zip(
            kept.fetch(index, (7, step)), read.fetch(index, (7, step)), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_a_change_depends_on_the_step_and_the_sample_not_on_its_batch(split: FairSeg) -> None:
    crops = Crops(split, 80, 1)
    together = crops.fetch(np.array([1, 2, 3]), (0, 5))[0]
    np.testing.assert_array_equal(together[1], crops.fetch(np.array([2]), (0, 5))[0][0])
    steps = [crops.fetch(np.array([2]), (0, step))[0] for step in range(8)]
    assert any(not np.array_equal(steps[0], other) for other in steps[1:])


FAULTS = {
    "another size": ({"side": 90}, r"data_00002: an image of 90 x 90, where others have \(96, 112"),
    "smaller than the crop": ({"side": 72}, "data_00002: an image of 72 x 72, where others"),
    "a class 3": ({"value": -3}, "data_00002.npz: 'disc_cup_mask' holds -3"),
}


def break_second(root: Path, side: int = 96, value: int = 0) -> None:
    file = root / "data_00002.npz"
    with np.load(file) as arrays:
        image, mask = arrays["slo_fundus"], arrays["disc_cup_mask"]
    if side != 96:
        image, mask = image[:side, :side], mask[:side, :side]
    mask[0, 0] = value
    rewrite(file, slo_fundus=image, disc_cup_mask=mask)


@pytest.mark.parametrize(("fault", "message"), FAULTS.values(), ids=FAULTS)
def test_an_unusable_image_is_named_or_left_out(
    fault: dict[str, int], message: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_small_data(tmp_path, train=3, val=1)
    break_second(root, **fault)
    crops = Crops(FairSeg(root, "train"), 80, 1)
    with pytest.raises(DataError, match=message):
        crops.check(skip=False)
    usable, _ = crops.check(skip=True)
    np.testing.assert_array_equal(usable, [0, 2])
    assert "left out: " in caplog.text


def test_images_smaller_than_the_crop_are_refused(split: FairSeg) -> None:
    with pytest.raises(DataError, match="data_00001: .* 96 x 112 is smaller than the crop of 100"):
        Crops(split, 100, 1).check(skip=False)
    with pytest.raises(DataError, match="no image of the train split is usable"):
        Crops(split, 100, 1).check(skip=True)
    with pytest.raises(DataError, match=r"96 x 112, where others have \(90, 90\)"):
        Crops(split, 80, 1).check(skip=False, shape=(90, 90))
