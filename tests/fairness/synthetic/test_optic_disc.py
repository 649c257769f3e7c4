import numpy as np
import pytest
from scipy.ndimage import label

from fairness.arrays import FloatArray, Image
from fairness.synthetic.optic_disc import Outline, paint_segmented

SHAPE = (664, 798)


def paint(
    seed: int, ratio: float = 0.5, contrast: float = 1.0, eye: str = "OD"
) -> tuple[Image, Image]:
    return paint_segmented(np.random.default_rng(seed), eye, ratio, SHAPE, contrast)


def distance(outline: Outline) -> FloatArray:
    rows, columns = np.arange(200.0)[:, None], np.arange(240.0)
    return outline.distance(rows, columns)


def test_without_waves_an_outline_is_an_ellipse() -> None:
    for tilt in (0.0, 0.7):
        inside = distance(Outline(100, 120, 60, 40, tilt, ())) < 1
        assert inside.sum() == pytest.approx(np.pi * 60 * 40, rel=0.005)
    upright = distance(Outline(100, 120, 60, 40, 0.0, ()))
    assert upright[100, 160] == pytest.approx(1)
    assert upright[160, 120] == pytest.approx(1)
    assert upright[100, 120] == 0


def test_two_waves_lengthen_one_axis_and_shorten_the_other() -> None:
    waved = distance(Outline(100, 120, 50, 50, 0.0, (0.1 + 0j,)))
    assert waved[100, 120 + 55] == pytest.approx(1)
    assert waved[100 + 45, 120] == pytest.approx(1)


@pytest.mark.parametrize("seed", range(6))
def test_disc_and_cup_are_whole_nested_and_within_the_central_crop(seed: int) -> None:
    image, mask = paint(seed, 0.2 + 0.13 * seed)
    assert image.shape == mask.shape == SHAPE
    assert image.dtype == mask.dtype == np.uint8
    disc, cup = mask >= 1, mask == 2
    assert np.unique(mask).tolist() == [0, 1, 2]
    assert label(disc)[1] == label(cup)[1] == 1
    neighbours = np.pad(cup, 1)
    grown = neighbours[2:, 1:-1] | neighbours[:-2, 1:-1] | neighbours[1:-1, 2:]
    assert not (grown & ~disc).any()  # a rim surrounds the cup
    rows, columns = np.nonzero(disc)
    assert 76 <= rows.min() < rows.max() < 588
    assert 143 <= columns.min() < columns.max() < 655
    assert 8_000 < disc.sum() < 28_000


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.7])
def test_the_mask_has_the_vertical_ratio_that_was_asked_for(ratio: float) -> None:
    ratios = []
    for seed in range(6):
        mask = paint_segmented(np.random.default_rng(seed), "OD", ratio, (332, 399))[1]
        heights = [np.ptp(np.nonzero(part)[0]) + 1 for part in (mask == 2, mask >= 1)]
        ratios.append(heights[0] / heights[1])
    assert np.mean(ratios) == pytest.approx(ratio, rel=0.06)


def test_a_left_eye_is_the_mirror_image_mask_and_all() -> None:
    for left, right in zip(paint(3, eye="OS"), paint(3), strict=True):
        np.testing.assert_array_equal(left, right[:, ::-1])


def test_without_contrast_the_image_says_nothing_of_the_cup() -> None:
    np.testing.assert_array_equal(paint(1, 0.3, 0.0)[0], paint(1, 0.3, 0.0)[0])
    full, none = paint(1, 0.5)[0].astype(int), paint(1, 0.5, 0.0)[0].astype(int)
    changed, mask = full != none, paint(1, 0.5)[1]
    assert changed[mask == 2].mean() > 0.9
    assert changed[mask == 0].mean() < 0.001
    np.testing.assert_array_equal(mask, paint(1, 0.5, 0.0)[1])
