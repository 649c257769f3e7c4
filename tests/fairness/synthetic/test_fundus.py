import numpy as np
import pytest

from fairness.arrays import FloatArray
from fairness.synthetic.fundus import HEIGHT, WIDTH, paint
from fairness.synthetic.vessels import vessel_shade


def grey(seed: int, cup_to_disc: float, contrast: float, eye: str = "OD") -> FloatArray:
    image = paint(np.random.default_rng(seed), eye, cup_to_disc, contrast)
    return image.astype(np.float64)


def cup_light(seed: int, cup_to_disc: float, contrast: float = 1.0) -> FloatArray:
    """What the cup adds to the image: everything else is painted alike."""
    return grey(seed, cup_to_disc, contrast) - grey(seed, cup_to_disc, 0.0)


def test_an_image_is_grey_bytes_of_the_published_shape_and_of_realistic_brightness() -> None:
    images = np.stack([grey(seed, 0.3 + 0.05 * seed, 1.0) for seed in range(10)])
    assert paint(np.random.default_rng(0), "OD", 0.5).dtype == np.uint8
    assert images.shape[1:] == (HEIGHT, WIDTH) == (664, 512)
    assert 45 < images.mean() < 90
    assert (images > 250).mean() < 1e-3
    centre = images[:, 232:432, 156:356].mean()
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean()
    assert corners < 0.4 * centre  # vignetting


def test_equal_generators_paint_equal_images_and_others_do_not() -> None:
    np.testing.assert_array_equal(grey(3, 0.5, 1.0), grey(3, 0.5, 1.0))
    assert np.abs(grey(3, 0.5, 1.0) - grey(4, 0.5, 1.0)).mean() > 5


def test_a_left_eye_is_the_mirror_image_of_a_right_one() -> None:
    np.testing.assert_array_equal(grey(5, 0.6, 1.0, "OS"), grey(5, 0.6, 1.0, "OD")[:, ::-1])


def test_without_contrast_the_image_says_nothing_of_the_cup() -> None:
    np.testing.assert_array_equal(grey(1, 0.2, 0.0), grey(1, 0.9, 0.0))


@pytest.mark.parametrize("seed", range(4))
def test_the_cup_shows_its_ratio_by_its_area(seed: int) -> None:
    """The light at half height covers an ellipse, so twice the ratio is four times the area."""
    areas = []
    for ratio in (0.4, 0.8):
        light = cup_light(seed, ratio)
        areas.append((light > 0.4 * np.percentile(light, 99.9)).sum())
    assert areas[1] / areas[0] == pytest.approx(4, rel=0.15)


def test_the_light_of_the_cup_is_proportional_to_its_contrast() -> None:
    full, reduced = cup_light(2, 0.7).sum(), cup_light(2, 0.7, 0.35).sum()
    assert reduced / full == pytest.approx(0.35, rel=0.03)


@pytest.mark.parametrize("seed", range(10))
def test_the_largest_cup_survives_the_central_square_crop(seed: int) -> None:
    rows, columns = np.nonzero(cup_light(seed, 0.95) > 3)
    assert rows.min() > (HEIGHT - WIDTH) // 2
    assert rows.max() < (HEIGHT + WIDTH) // 2
    assert columns.min() > 0
    assert columns.max() < WIDTH - 1


def test_vessels_darken_a_small_part_and_brighten_nothing() -> None:
    shade = vessel_shade(np.random.default_rng(0), 332, 317, 84, (HEIGHT, WIDTH))
    assert shade.shape == (HEIGHT, WIDTH)
    assert 0.4 < shade.min() < 0.6
    assert shade.max() == 1
    assert 0.03 < (shade < 0.9).mean() < 0.15
