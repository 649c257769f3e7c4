"""Scores of masks of many structures against scikit-learn, and distances in mm against MONAI."""

import numpy as np
import pytest
import torch
from monai.metrics.hausdorff_distance import compute_hausdorff_distance
from monai.metrics.surface_dice import compute_surface_dice
from monai.metrics.surface_distance import compute_average_surface_distance
from scipy import ndimage
from scipy.spatial.distance import cdist
from sklearn.metrics import f1_score, jaccard_score

from fairness.arrays import BoolArray, Image
from fairness.mask_names import names_of
from fairness.mask_scores import empty_counts, mask_measures, score_masks
from fairness.metrics import segmentation as s
from fairness.structures import structures_of

MANY = structures_of(
    ("background", *(f"s{i}" for i in range(1, 21))), {"odd": [f"s{i}" for i in range(1, 21, 2)]}
)
SIZES = np.array([[2.0, 0.5], [0.3, 0.3], [1.0, 4.0]])
"""mm between rows and between columns, of three cases."""


def patches(seed: int) -> Image:
    """(3, 60, 48) of random patches of 20 classes, of which the last is nowhere in the first."""
    rng = np.random.default_rng(seed)
    masks: Image = rng.integers(0, 21, (3, 10, 8)).astype(np.uint8)
    masks[0][masks[0] == 20] = 0
    return np.kron(masks, np.ones((1, 6, 6), np.uint8))


def blobs(seed: int, noise: float) -> BoolArray:
    """(3, 60, 48): an ellipse each, ragged where there is noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:60, :48]
    row, column, height, width = rng.uniform(14, 30, (4, 3, 1, 1))
    inside = ((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 <= 1
    return np.asarray(inside ^ (rng.random(inside.shape) < noise))


def test_overlaps_of_twenty_structures_equal_scikit_learns() -> None:
    prediction, reference = patches(0), patches(1)
    found = score_masks(prediction, reference, surface=False, structures=MANY)
    assert tuple(found) == names_of(MANY, surface=False)
    for case in range(3):
        of_each = []
        for name, classes in MANY.parts.items():
            ours, theirs = (np.isin(m[case], classes).ravel() for m in (prediction, reference))
            dice = f1_score(theirs, ours, zero_division=1.0)
            assert found[f"{name}_dice"][case] == pytest.approx(dice)
            iou = jaccard_score(theirs, ours, zero_division=1.0 if not ours.any() else 0.0)
            assert found[f"{name}_iou"][case] == pytest.approx(iou)
            of_each.append(dice)
        assert found["mean_dice"][case] == pytest.approx(np.mean(of_each[:20]))
    assert found["s20_invented"][0] == 0
    assert empty_counts(found)["s20_absent"] == 1


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")
@pytest.mark.parametrize("noise", [0.0, 0.2], ids=["sparse surfaces", "dense surfaces"])
def test_distances_in_mm_equal_monais_and_those_of_all_pairs(noise: float) -> None:
    prediction, reference = blobs(2, noise), blobs(3, noise)
    for case, (row_mm, column_mm) in enumerate(SIZES.tolist()):
        ours, theirs = prediction[case], reference[case]
        both = s.surface_distances(ours, theirs, (row_mm, column_mm))
        points = [np.argwhere(m & ~ndimage.binary_erosion(m)) for m in (ours, theirs)]
        apart = cdist(points[0] * SIZES[case], points[1] * SIZES[case])
        for way, axis in zip(both, (1, 0), strict=True):
            np.testing.assert_allclose(way, apart.min(axis), atol=1e-9)
        pair = [torch.from_numpy(m[None, None].astype(float)) for m in (ours, theirs)]
        size = [row_mm, column_mm]
        asd = compute_average_surface_distance(
            pair[0], pair[1], include_background=True, symmetric=True, spacing=size
        )
        nsd = compute_surface_dice(pair[0], pair[1], [2.0], include_background=True, spacing=size)
        hd95 = compute_hausdorff_distance(
            pair[0], pair[1], include_background=True, percentile=95, spacing=size
        )
        distances = np.concatenate(both)
        assert s.average_surface_distance(distances) == pytest.approx(float(asd), rel=1e-6)
        assert s.normalised_surface_dice(distances, 2.0) == pytest.approx(float(nsd), rel=1e-6)
        assert max(map(s.hausdorff95, both)) == pytest.approx(float(hd95), rel=1e-6)


def test_each_case_is_measured_by_its_own_pixels() -> None:
    lung = structures_of(("background", "lung"))
    prediction, reference = (blobs(seed, 0.0).astype(np.uint8) for seed in (4, 5))
    found = score_masks(prediction, reference, structures=lung, spacing=SIZES)
    assert [name for name in found if name.endswith("_mm")] == [
        "lung_hd95_mm", "lung_asd_mm", "lung_nsd_mm"
    ]  # fmt: skip
    for case, size in enumerate(SIZES.tolist()):
        pair = prediction[case] > 0, reference[case] > 0
        distances = np.concatenate(s.surface_distances(*pair, (size[0], size[1])))
        assert found["lung_hd95_mm"][case] == pytest.approx(np.percentile(distances, 95))
        assert found["lung_nsd_mm"][case] == (distances < 2.0 + 1e-6).mean()
    line = np.zeros((2, 90, 1), bool)
    for start in range(80):  # 5 pixels of 0.4 mm are 2 mm, though not always in floating point
        line[:] = False
        line[0, start], line[1, start + 5] = True, True
        distances = np.concatenate(s.surface_distances(line[0], line[1], (0.4, 1.0)))
        assert s.normalised_surface_dice(distances, 2.0) == 1
    pixels = score_masks(prediction, reference, structures=lung)
    unit = score_masks(prediction, reference, structures=lung, spacing=np.ones((3, 2)))
    np.testing.assert_array_equal(unit["lung_asd_mm"], pixels["lung_asd"])


def test_a_line_moved_by_rows_and_one_moved_by_columns() -> None:
    one, down, right = np.zeros((3, 40, 40), bool)
    one[10, 10], down[14, 10], right[10, 14] = True, True, True
    for other, expected in ((down, 4 * 0.7), (right, 4 * 0.2)):
        found = np.concatenate(s.surface_distances(one, other, (0.7, 0.2)))
        np.testing.assert_allclose(found, expected)


def test_measures_are_of_every_structure_and_of_their_mean() -> None:
    measures = mask_measures(score_masks(patches(0), patches(1), False, MANY))
    summaries = {summary.name for summary in measures.summaries}
    assert {"es_mean_dice", "mean_dice_worst", "es_odd_dice", "s20_iou_difference"} <= summaries
    assert {"mean_dice_tail", "s7_dice_tail"} <= {metric.name for metric in measures.metrics}
