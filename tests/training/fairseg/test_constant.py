"""The best constant mask against a search over all masks."""

import numpy as np
import pytest

from fairness.arrays import BoolArray, Image
from fairness.mask_scores import score_masks
from training.fairseg.constant import MaskCounts, constant_dice


def some_masks(seed: int) -> Image:
    """Six masks of 2 x 4 pixels, each with rim and cup."""
    rng = np.random.default_rng(seed)
    masks = rng.choice(3, size=(6, 8), p=[0.4, 0.3, 0.3]).astype(np.uint8)
    masks[:, :2] = [1, 2]
    return rng.permuted(masks, axis=1).reshape(6, 2, 4)


def pooled_dice(region: BoolArray, inside: BoolArray) -> float:
    return float(2 * (inside & region).sum() / (len(inside) * region.sum() + inside.sum()))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_region_has_a_higher_pooled_dice(seed: int) -> None:
    masks = some_masks(seed)
    counts = MaskCounts(crop=2)
    for mask in masks:
        counts.add(mask)
    regions = counts.best()
    every = [np.array([n >> i & 1 for i in range(8)], bool).reshape(2, 4) for n in range(1, 256)]
    for region, label in zip(regions, (1, 2), strict=True):
        inside = masks == label
        best = max(pooled_dice(other, inside) for other in every)
        assert pooled_dice(region, inside) == pytest.approx(best)


def test_a_structure_that_most_masks_lack_is_not_drawn() -> None:
    counts = MaskCounts(crop=2)
    for with_cup in (True, False, False):
        mask = np.full((2, 2), 1, dtype=np.uint8)
        mask[0, 0] = 2 if with_cup else 1
        counts.add(mask)
    rim, cup = counts.best()
    assert rim.all()
    assert not cup.any()
    assert counts.holding == {"rim": 3, "cup": 1}


def test_what_lies_outside_the_crop_is_not_held() -> None:
    counts = MaskCounts(crop=2)
    mask = np.ones((4, 4), dtype=np.uint8)
    mask[0, 0] = 2
    counts.add(mask)
    assert counts.holding == {"rim": 1, "cup": 0}


def test_dice_of_a_constant_is_that_of_the_audit() -> None:
    masks = some_masks(9)
    drawn = masks[0]
    scores = score_masks(np.stack([drawn] * 6), masks, surface=False)
    found = constant_dice(np.stack([drawn == 1, drawn == 2]), masks)
    for name in ("rim", "cup"):
        np.testing.assert_allclose(found[name], scores[f"{name}_dice"])
    empty = np.zeros((1, 2, 4), dtype=np.uint8)
    assert constant_dice(np.zeros((2, 2, 4), bool), empty)["cup"] == 1.0
