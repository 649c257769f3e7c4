"""Crop, resampling and restoring against golden values, scipy and a plain reading of the crop."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from fairness.errors import DataError
from training.models.segmentation_input import SegmentationInput, nearest_index, resize_mask

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "fairseg_losses.json").read_text("utf-8")
)


def images(height: int, width: int, batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (batch, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("case", GOLDEN["crops"], ids=lambda case: f"{case['shape']}")
def test_crop_is_where_the_original_takes_it(case: dict[str, Any]) -> None:
    (height, width), crop = case["shape"], case["crop"]
    part = SegmentationInput(height, width, crop, crop)
    stored = images(height, width, batch=1)
    expected = stored[0, slice(*case["rows"]), slice(*case["columns"])] / 255
    torch.testing.assert_close(part(stored)[0, 0], expected, rtol=0, atol=0)


@pytest.mark.parametrize("compat", [True, False])
@pytest.mark.parametrize(("crop", "size"), [(512, 224), (40, 24), (24, 40), (32, 32)])
def test_pixels_equal_scipys_zoom(crop: int, size: int, compat: bool) -> None:
    stored = images(crop, crop, batch=1)
    grey = stored[0].numpy() / 255.0
    mode = "constant" if compat else "mirror"
    expected = ndimage.zoom(grey, size / crop, order=3, mode=mode) if crop != size else grey
    found = SegmentationInput(crop, crop, crop, size, compat=compat)(stored)
    assert found.shape == (1, 3, size, size)
    assert found.dtype == torch.float32
    expected = expected if compat else expected.clip(0, 1)
    for channel in found[0]:
        np.testing.assert_allclose(channel, expected, rtol=0, atol=3e-6)


def test_only_compat_keeps_the_empty_last_row_and_column() -> None:
    stored, masks = images(512, 512), torch.ones(2, 512, 512, dtype=torch.uint8)
    released = SegmentationInput(512, 512, 512, 224, compat=True)
    ours = SegmentationInput(512, 512, 512, 224)
    for made in (released(stored)[:, 0], released.crop_mask(masks)):
        assert made[:, -1].count_nonzero() == made[:, :, -1].count_nonzero() == 0
    assert (ours(stored)[:, 0, -1] > 0).float().mean() > 0.9  # noise, clipped at black
    assert (ours.crop_mask(masks) == 1).all()
    assert released(stored).min() < 0 < 1 < released(stored).max()
    elsewhere = released(stored).clamp(0, 1)[..., :-1, :-1]
    torch.testing.assert_close(ours(stored)[..., :-1, :-1], elsewhere, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("length", "size", "key"),
    [(16, 4, "arange16_to_4"), (8, 4, "arange8_to_4"), (512, 128, "arange512_to_128_last5")],
)
def test_nearest_equals_the_golden_values(length: int, size: int, key: str) -> None:
    expected = GOLDEN["nearest"][key]
    assert nearest_index(length, size)[-len(expected) :].tolist() == expected
    assert nearest_index(length, size, compat=True)[-len(expected) :].tolist() == expected


def test_compat_nearest_has_the_golden_defect() -> None:
    expected = GOLDEN["nearest"]["arange512_to_224_last5"]
    ramp = torch.arange(512).expand(1, 512, 512)
    assert resize_mask(ramp, 224, compat=True)[0, 0, -5:].tolist() == expected
    assert resize_mask(ramp, 224)[0, 0, -5:].tolist() == [*expected[:-1], 511]


@pytest.mark.parametrize("compat", [True, False])
def test_masks_equal_scipys_zoom(compat: bool) -> None:
    masks = images(50, 61) % 3
    part = SegmentationInput(50, 61, 48, 20, compat=compat)
    mode = "constant" if compat else "nearest"
    for mask, found in zip(masks.numpy(), part.crop_mask(masks).numpy(), strict=True):
        expected = ndimage.zoom(mask[1:49, 6:54], 20 / 48, order=0, mode=mode)
        np.testing.assert_array_equal(found, expected)


def test_restoring_undoes_the_crop() -> None:
    masks = images(20, 31) % 3
    part = SegmentationInput(20, 31, 16, 16)
    restored = part.restore(part.crop_mask(masks))
    inside = np.zeros((20, 31), dtype=bool)
    inside[2:18, 7:23] = True
    assert restored.dtype == torch.uint8
    np.testing.assert_array_equal(restored.numpy(), np.where(inside, masks.numpy(), 0))


@pytest.mark.parametrize(("crop", "size"), [(512, 224), (420, 64)])
def test_restored_discs_lie_where_they_were(crop: int, size: int) -> None:
    rows, columns = np.mgrid[:664, :798]
    distance = np.hypot(rows - 320, columns - 410)
    mask = torch.from_numpy(np.select([distance < 60, distance < 110], [2, 1]).astype(np.uint8))
    part = SegmentationInput(664, 798, crop, size)
    restored = part.restore(part.crop_mask(mask.unsqueeze(0)))[0]
    for label in (1, 2):
        found, truth = restored >= label, mask >= label
        dice = 2 * (found & truth).sum() / (found.sum() + truth.sum())
        assert dice > 1 - crop / size / 60  # half a coarse pixel of border on each side
        there, expected = found.nonzero().float().mean(0), truth.nonzero().float().mean(0)
        torch.testing.assert_close(there, expected, rtol=0, atol=crop / size / 4)


@pytest.mark.parametrize(("height", "width"), [(480, 600), (664, 511)])
def test_images_smaller_than_the_crop_are_refused(height: int, width: int) -> None:
    with pytest.raises(DataError, match="smaller than the crop of 512; choose a smaller crop"):
        SegmentationInput(height, width, 512, 224)


def test_other_images_are_refused() -> None:
    part = SegmentationInput(40, 50, 32, 16)
    with pytest.raises(DataError, match="not uint8"):
        part(torch.zeros(1, 40, 50))
    with pytest.raises(DataError, match="images of 40 x 51 given to a model made for 40 x 50"):
        part(images(40, 51))
