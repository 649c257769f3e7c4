import numpy as np
import pytest
from scipy import ndimage

from fairness.arrays import Array
from fairness.datasets.squash import squash, weights


def scikit_image_resize(image: Array, size: tuple[int, int]) -> Array:
    """What `skimage.transform.resize(order=1)` calls, for an image that shrinks or grows."""
    factors = np.array(image.shape) / size
    sigmas = np.maximum(0, (factors - 1) / 2)
    shrinks = bool((factors > 1).any())
    smooth = ndimage.gaussian_filter(image, sigmas, mode="mirror") if shrinks else image
    zoomed: Array = ndimage.zoom(smooth, 1 / factors, order=1, mode="mirror", grid_mode=True)
    return zoomed


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((64, 64), (64, 48)),
        ((320, 390), (224, 224)),
        ((500, 90), (40, 224)),
        ((7, 5), (224, 224)),
        ((1, 9), (4, 4)),
        ((30, 1), (8, 2)),
        ((300, 200), (3, 2)),
    ],
)
def test_it_is_the_resize_of_scikit_image_up_to_rounding(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    expected = scikit_image_resize(image.astype(np.float64), size)
    exact = weights(shape[0], size[0]) @ image @ weights(shape[1], size[1]).T
    np.testing.assert_allclose(exact, expected, atol=1e-9)
    squashed = squash(image, size)
    assert squashed.dtype == np.uint8
    assert np.abs(squashed - expected).max() <= 0.5 + 1e-9


def test_an_even_image_stays_even_and_an_equal_size_changes_nothing() -> None:
    assert (squash(np.full((300, 77), 201, np.uint8), (64, 64)) == 201).all()
    image = np.random.default_rng(1).integers(0, 256, (30, 20), dtype=np.uint8)
    assert squash(image, (30, 20)) is image
    np.testing.assert_allclose(weights(30, 30), np.eye(30))


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be squashed to 0 x 8"):
        squash(np.zeros((4, 4), np.uint8), (0, 8))
