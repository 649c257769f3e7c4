"""Masks: what is read of them, what is refused, what a journal may hold of them."""

import numpy as np
import pytest
from scipy import ndimage

from fairness.arrays import Image
from fairness.errors import DataError
from fairness.group_input import RECORDED
from fairness.mask_names import NAMES
from fairness.mask_scores import score_masks
from fairness.outcomes import Answered, Cases
from fairness.samples import Batch, Sample, stack
from fairness.structures import structures_of
from fairness.tasks.masks import MaskTask


def some_masks(count: int, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random((count, 24, 30)), (0, 4, 4))
    found: Image = np.digitize(smooth, np.quantile(smooth, [0.6, 0.85])).astype(np.uint8)
    return found


def batch(count: int) -> Batch:
    image = np.zeros((24, 30), np.uint8)
    return stack([Sample(f"s{i:02}", image, mask, {}) for i, mask in enumerate(some_masks(count))])


@pytest.mark.parametrize("distances", [True, False])
def test_what_is_read_is_the_score_of_each_mask(distances: bool) -> None:
    task, answer = MaskTask(distances), some_masks(3, seed=4)
    read = task.read(batch(3), {RECORDED: answer})
    assert tuple(read) == task.value_names
    assert (set(read) == set(NAMES)) is distances
    for name, column in score_masks(answer, batch(3).targets, distances).items():
        np.testing.assert_array_equal(read[name], column)
        assert task.is_possible(name, column).all()


def test_an_answer_that_is_no_mask_names_its_sample() -> None:
    one, answer = batch(3), some_masks(3)
    with pytest.raises(DataError, match=r"answered shape \(3, 24, 29\) for samples s00..s02, .*"):
        MaskTask(False).read(one, {RECORDED: answer[:, :, :29]})
    answer[1, 5, 5] = 3
    with pytest.raises(DataError, match="answered class 3 for sample s01, known are 0 background"):
        MaskTask(False).read(one, {RECORDED: answer})


@pytest.mark.parametrize(
    ("name", "value", "possible"),
    [
        ("rim_dice", np.nan, True),
        ("rim_dice", 1.01, False),
        ("rim_hd95", 40.0, True),
        ("rim_hd95", np.inf, False),
        ("rim_hd95", -1.0, False),
        ("left_lung_asd_mm", 400.5, True),
        ("left_lung_nsd_mm", 1.5, False),
        ("mean_dice", 1.5, False),
    ],
)
def test_scores_are_undefined_or_in_range(name: str, value: float, possible: bool) -> None:
    assert MaskTask().is_possible(name, np.array([value])).tolist() == [possible]


def test_a_fingerprint_has_the_share_of_each_structure_in_each_field() -> None:
    answer = np.zeros((8, 12), np.uint8)
    answer[:2, :3], answer[6:, 9:], answer[7, 11] = 3, 1, 2
    found = MaskTask.fingerprint(answer, classes=4).reshape(4, 4, 3)
    np.testing.assert_array_equal(found[0, 0], [0, 0, 1])
    np.testing.assert_array_equal(found[3, 3], [5 / 6, 1 / 6, 0])
    assert found.sum() == 2
    np.testing.assert_array_equal(MaskTask.fingerprint(some_masks(1)[0]).shape, (32,))


def test_masks_of_three_structures_are_read_and_their_mean_is_their_quality() -> None:
    lungs = structures_of(("background", "a", "b", "c"), {"ab": ("a", "b")})
    task = MaskTask(structures=lungs, spacing={f"s{i:02}": (0.5, 2.0) for i in range(3)})
    one, answer = batch(3), some_masks(3, seed=4)
    answer[answer == 2] = 3
    read = task.read(one, {RECORDED: answer})
    assert tuple(read) == task.value_names
    assert "ab_hd95_mm" in read
    cases = Cases(ids=one.ids, patients=one.ids, attributes=(), codes={}, covariates={})
    quality = task.quality(Answered(cases=cases, labels=None, values=read))
    assert quality is not None
    np.testing.assert_allclose(quality, read["mean_dice"])
    answer[2, 0, 0] = 4
    with pytest.raises(DataError, match="class 4 for sample s02, known are 0 background, 1 a, 2 b"):
        task.read(one, {RECORDED: answer})
