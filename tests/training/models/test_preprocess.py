"""The in-graph preprocessing against Pillow, which the original uses, and against golden values."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from fairness.arrays import Image as Grey
from fairness.errors import DataError
from fairness.probes import probe_image
from training.models.preprocess import MEAN, STD, Preprocess, bicubic, resize_and_crop

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "image_preprocessing.json").read_text("utf-8")
)

# Fundus photographs upright and lying; squares; sizes at and around 224; odd differences, where the
# crop's rounding to even shows; enlargement; strips.
SHAPES = [
    (664, 512), (512, 664), (480, 640), (600, 600), (224, 224), (225, 224), (224, 451), (299, 227),
    (227, 301), (223, 225), (96, 80), (40, 30), (17, 64), (8, 200), (1, 1), (3, 1), (1000, 512),
]  # fmt: skip


def pillow(image: Grey, size: int) -> tuple[npt.NDArray[np.float32], Grey]:
    """The original's path up to RGB: (size, size) floats, and (size, size) whole grey levels."""
    height, width = image.shape
    short, long = min(height, width), max(height, width)
    resized = int(size * long / short)
    wide, high = (size, resized) if width <= height else (resized, size)
    left, top = round((wide - size) / 2.0), round((high - size) / 2.0)
    floats = Image.fromarray(image.astype(np.float32)).resize(
        (wide, high), Image.Resampling.BICUBIC
    )
    floats = floats.crop((left, top, left + size, top + size))
    return np.asarray(floats), np.asarray(floats.convert("RGB"))[..., 0]


def grey_levels(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Undo the normalisation: (3, S, S) to whole grey levels."""
    scaled = pixels * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]
    return np.asarray(scaled * 255.0, dtype=np.float64)


def kinds(rng: np.random.Generator, height: int, width: int) -> list[Grey]:
    """Blocks with sharp edges, noise, a smooth gradient."""
    ramp = np.add.outer(np.arange(height), np.arange(width)) * 255 // (height + width)
    noise = rng.integers(0, 256, (height, width), dtype=np.uint8)
    return [probe_image(rng, height, width), noise, ramp.astype(np.uint8)]


# The tiny model sums many more pixels into each of its 32 x 32, in float32.
@pytest.mark.parametrize(("size", "tolerance"), [(32, 2e-4), (224, 1e-4)])
@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_resize_and_crop_equals_pillow(
    height: int, width: int, size: int, tolerance: float
) -> None:
    rng = np.random.default_rng(height * 1000 + width)
    for image in kinds(rng, height, width):
        ours = resize_and_crop(torch.from_numpy(image)[None], size)[0].numpy()
        assert ours.shape == (size, size)
        np.testing.assert_allclose(ours, pillow(image, size)[0], rtol=0, atol=tolerance)


def test_whole_grey_levels_equal_pillows_but_for_ties() -> None:
    rng = np.random.default_rng(0)
    preprocess = Preprocess(224)
    differing, total = 0, 0
    for height, width in [(664, 512), (512, 664), (480, 640), (200, 200), (301, 227)]:
        for image in kinds(rng, height, width):
            ours = grey_levels(preprocess(torch.from_numpy(image)[None])[0].numpy())[0]
            difference = np.abs(ours - pillow(image, 224)[1])
            assert difference.max() < 1.01  # at most one grey level
            differing += int((difference > 0.5).sum())
            total += difference.size
    assert differing / total < 2e-4


@pytest.mark.parametrize("level", [0, 1, 100, 127, 128, 254, 255])
def test_a_flat_image_keeps_its_grey_level(level: int) -> None:
    # Pillow stays on whole levels exactly; rounding errors before a truncation would lose one.
    for height, width in [(664, 512), (517, 331), (90, 100)]:
        image = np.full((height, width), level, dtype=np.uint8)
        ours = grey_levels(Preprocess(224)(torch.from_numpy(image)[None])[0].numpy())
        assert (pillow(image, 224)[1] == level).all()
        np.testing.assert_allclose(ours, level, atol=1e-3)


def test_golden_image_of_fairclip() -> None:
    rows, columns = np.arange(664) / 663, np.arange(512) / 511
    image = np.floor(255 * np.outer(rows, columns)).astype(np.uint8)
    pixels = Preprocess(224)(torch.from_numpy(image)[None])[0].numpy()
    levels = grey_levels(pixels)
    for row, column, level in GOLDEN["pixels"]:
        assert np.abs(levels[:, row, column] - level).max() < GOLDEN["pixel_tolerance"] + 1e-3
    assert levels.mean() == pytest.approx(GOLDEN["mean"], abs=GOLDEN["mean_tolerance"])
    assert levels.mean() < GOLDEN["mean_if_rounded_to_uint8_first"] - 0.4
    tolerance = GOLDEN["normalised_tolerance"]
    np.testing.assert_allclose(pixels.mean((1, 2)), GOLDEN["normalised_mean"], atol=tolerance)
    np.testing.assert_allclose(pixels.std((1, 2), ddof=1), GOLDEN["normalised_std"], atol=tolerance)


def test_overshoot_is_clipped_and_fractions_truncated() -> None:
    # A sharp edge overshoots both ends of the scale; the grey levels stay whole and within it.
    image = np.zeros((300, 300), dtype=np.uint8)
    image[:, 150:] = 255
    raw = resize_and_crop(torch.from_numpy(image)[None], 224)
    assert raw.min() < -1
    assert raw.max() > 256
    levels = grey_levels(Preprocess(224)(torch.from_numpy(image)[None])[0].numpy())
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    assert (np.rint(levels).min(), np.rint(levels).max()) == (0, 255)


def test_a_batch_equals_its_images_one_by_one() -> None:
    rng = np.random.default_rng(3)
    images = torch.from_numpy(np.stack([probe_image(rng, 120, 90) for _ in range(5)]))
    preprocess = Preprocess(64)
    single = torch.cat([preprocess(image[None]) for image in images])
    torch.testing.assert_close(preprocess(images), single, rtol=0, atol=1e-6)


def test_the_three_channels_are_one_grey_image() -> None:
    image = torch.from_numpy(probe_image(np.random.default_rng(4), 100, 100))[None]
    levels = grey_levels(Preprocess(32)(image)[0].numpy())
    np.testing.assert_allclose(levels[1:], levels[:1].repeat(2, 0), atol=1e-3)


def test_bicubic_is_one_at_zero_and_zero_at_other_whole_numbers() -> None:
    at = bicubic(torch.arange(-4, 5, dtype=torch.float64))
    assert at.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    # Shifted copies sum to one everywhere: the interpolation of a constant is that constant.
    shifts = torch.linspace(0, 1, 11, dtype=torch.float64)[:, None] + torch.arange(-3, 4)
    torch.testing.assert_close(bicubic(shifts).sum(1), torch.ones(11, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_other_types_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(DataError, match="not uint8"):
        Preprocess(32)(torch.zeros(1, 40, 40, dtype=dtype))
