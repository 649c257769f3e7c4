"""Mask metrics against MONAI, all pairs of surface pixels, and shapes whose answer is known."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.spatial.distance import cdist

from fairness.arrays import BoolArray, FloatArray, Image
from fairness.metrics import segmentation as s
from fairness.structures import EYE

ROWS, COLUMNS = np.mgrid[:64, :80]


def ellipse(row: float, column: float, height: float, width: float) -> BoolArray:
    inside = ((ROWS - row) / height) ** 2 + ((COLUMNS - column) / width) ** 2 <= 1
    return np.asarray(inside)


def eye(rng: np.random.Generator) -> Image:
    """A disc with a cup somewhere inside it, its border ragged; it may touch the image's edge."""
    row, column, height, width = rng.uniform((14, 14, 12, 12), (50, 66, 20, 20))
    disc = ellipse(row, column, height, width) ^ (rng.random(ROWS.shape) < 0.002)
    cup = ellipse(row + rng.normal(), column + rng.normal(), height / 2, width / 2)
    return np.asarray(disc + 1 * (disc & cup), dtype=np.uint8)


def eyes(n: int, seed: int) -> Image:
    rng = np.random.default_rng(seed)
    return np.stack([eye(rng) for _ in range(n)])


def one_hot(masks: Image) -> torch.Tensor:
    """(B, 3, H, W) rim, cup, disc."""
    return torch.from_numpy(np.stack([masks == 1, masks == 2, masks >= 1], axis=1).astype(float))


def pooled(prediction: BoolArray, reference: BoolArray) -> FloatArray:
    return np.concatenate(s.surface_distances(prediction, reference))


def test_an_outline_is_what_an_erosion_takes_away() -> None:
    random = np.random.default_rng(3).random((4, 24, 30)) < 0.9
    for mask in [*(eyes(5, 2) > 0), *random, np.ones((3, 4), dtype=bool)]:
        eroded = ndimage.binary_erosion(mask)  # 4-neighbourhood; outside the image is background
        np.testing.assert_array_equal(s.outline(mask), mask & ~eroded)


@pytest.mark.further
def test_overlaps_equal_monais() -> None:
    # MONAI takes seconds to import, which no other test here needs.
    from monai.metrics.meandice import compute_dice
    from monai.metrics.meaniou import compute_iou

    prediction, reference = eyes(12, 0), eyes(12, 1)
    prediction[0], prediction[1], reference[2] = 0, 1, 0  # nothing, no cup, nothing to find
    reference[3], prediction[3] = 1, 1  # no cup in either
    theirs = [
        function(one_hot(prediction), one_hot(reference), ignore_empty=False).numpy()
        for function in (compute_dice, compute_iou)
    ]
    counts = s.confusion(prediction, reference)
    for k, structure in enumerate(EYE.parts.values()):
        assert s.dice(counts, structure) == pytest.approx(theirs[0][:, k], abs=1e-6)
        assert s.iou(counts, structure) == pytest.approx(theirs[1][:, k], abs=1e-6)


@pytest.mark.further
@pytest.mark.filterwarnings(
    "ignore:.*always_return_as_numpy:FutureWarning"
)  # MONAI calls itself so
def test_surface_distances_equal_monais() -> None:
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.surface_dice import compute_surface_dice
    from monai.metrics.surface_distance import compute_average_surface_distance

    prediction, reference = eyes(6, 2), eyes(6, 3)
    pair = one_hot(prediction), one_hot(reference)
    asd = compute_average_surface_distance(*pair, symmetric=True, include_background=True)
    nsd = compute_surface_dice(*pair, [3.0, 3.0, 3.0], include_background=True)
    # MONAI takes the larger of the two directed percentiles, not that of both ways together.
    hd95 = compute_hausdorff_distance(*pair, percentile=95, include_background=True)
    for case in range(6):
        for k in range(3):
            ours, theirs = (part[case, k].numpy() > 0 for part in pair)
            both = s.surface_distances(ours, theirs)
            distances = np.concatenate(both)
            assert s.average_surface_distance(distances) == pytest.approx(float(asd[case, k]))
            assert s.normalised_surface_dice(distances, 3.0) == pytest.approx(float(nsd[case, k]))
            assert max(map(s.hausdorff95, both)) == pytest.approx(float(hd95[case, k]))


@pytest.mark.parametrize("noise", [0.0, 0.3], ids=["sparse surfaces", "dense surfaces"])
def test_surface_distances_equal_those_between_all_pairs_of_surface_pixels(noise: float) -> None:
    rng = np.random.default_rng(4)
    masks = [(eye(rng) == 1) ^ (rng.random(ROWS.shape) < noise) for _ in range(2)]
    surfaces = [np.argwhere(mask & ~ndimage.binary_erosion(mask)) for mask in masks]
    dense = [s.DENSE * len(points) > masks[0].size for points in surfaces]
    assert dense == [noise > 0] * 2
    apart = cdist(*surfaces)
    for ours, axis in zip(s.surface_distances(masks[0], masks[1]), (1, 0), strict=True):
        np.testing.assert_allclose(ours, apart.min(axis), atol=1e-12)


@pytest.mark.parametrize("gap", [0, 3, 8])
def test_two_lines_are_as_far_apart_as_they_are(gap: int) -> None:
    one, other = np.zeros((2, 20, 30), dtype=bool)
    one[4], other[4 + gap] = True, True
    distances = pooled(one, other)
    assert s.hausdorff95(distances) == s.average_surface_distance(distances) == gap
    assert s.normalised_surface_dice(distances, 3.0) == (gap <= 3)


def test_concentric_circles_are_their_radii_apart() -> None:
    distances = pooled(ellipse(32, 40, 28, 28), ellipse(32, 40, 18, 18))
    assert s.hausdorff95(distances) == pytest.approx(10, abs=0.75)  # of pixels, not of circles
    assert s.average_surface_distance(distances) == pytest.approx(10, abs=0.75)
    assert s.normalised_surface_dice(distances, 9.0) < 0.01
    assert s.normalised_surface_dice(distances, 11.0) == 1


def test_hd95_pools_both_ways_before_it_takes_the_percentile() -> None:
    one, other = np.zeros((2, 1, 200), dtype=bool)
    one[0, :100] = True
    other[0, :99] = True
    other[0, 150] = True  # 1 of 200 distances is 51, and one is 1
    assert s.hausdorff95(pooled(one, other)) == 0


def test_cup_to_disc_ratios_of_rectangles() -> None:
    reference, prediction = np.zeros((2, 1, 40, 40), dtype=np.uint8)
    reference[0, 5:25, 5:25], reference[0, 10:20, 11:15] = 1, 2  # 10 of 20 high, 40 of 400 large
    prediction[0, 5:25, 5:25], prediction[0, 10:16, 10:20] = 1, 2  # 6 of 20 high, 60 of 400 large
    counts = s.confusion(prediction, reference)
    assert s.area_ratio_error(counts, (2,), (1, 2)) == pytest.approx([0.05])
    assert s.vertical_ratio_error(prediction, reference, 2) == pytest.approx([0.2])
    nothing = np.zeros_like(reference)
    assert np.isnan(s.area_ratio_error(s.confusion(nothing, reference), (2,), (1, 2)))
    assert np.isnan(s.vertical_ratio_error(nothing, reference, 2))


def test_confusion_counts_pixels_of_reference_rows_and_predicted_columns() -> None:
    prediction = np.array([[[0, 1, 2, 2]], [[1, 1, 0, 0]]], dtype=np.uint8)
    reference = np.array([[[0, 0, 2, 1]], [[1, 1, 2, 0]]], dtype=np.uint8)
    expected = [[[1, 1, 0], [0, 0, 1], [0, 0, 1]], [[1, 0, 0], [0, 2, 0], [1, 0, 0]]]
    assert s.confusion(prediction, reference).tolist() == expected
