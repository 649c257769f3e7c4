"""Grey levels in float32 on their way to a tensor: against a resampling in double precision."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairness.arrays import FloatArray
from fairness.datasets.window import levels
from fairness.foreign.description import ImageInput
from fairness.foreign.prepare import prepared
from fairness.foreign.resize import resized

GOLDEN = Path(__file__).parents[2] / "golden" / "torchvision_transforms.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["cases"]


def reading(**said: Any) -> ImageInput:
    return ImageInput.model_validate(
        {"name": "x", "layout": "NCHW", "window": [0, 65535], "normalise": "unit", **said}
    )


def triangle_weights(old: int, new: int) -> FloatArray:
    """(new, old): a triangle as wide as a new pixel, at least an old one, cut at the edges."""
    wide = max(old / new, 1.0)
    centres = (np.arange(new) + 0.5) * old / new
    away = np.abs(np.arange(old) + 0.5 - centres[:, None]) / wide
    weights = np.clip(1 - away, 0, None)
    found: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return found


@pytest.mark.parametrize("shape", [(97, 61), (24, 28), (11, 200), (512, 640)])
def test_bilinear_is_exact_to_single_precision(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(3).integers(0, 65536, shape, dtype=np.uint16)
    grey = levels(values, (0, 65535), "a")
    said = reading(size=[24, 28], resize="squash", filter="bilinear")
    small = resized(grey.astype(np.float32), said)
    assert small.dtype == np.float32
    rows, columns = triangle_weights(shape[0], 24), triangle_weights(shape[1], 28)
    np.testing.assert_allclose(small, rows @ grey @ columns.T, atol=1e-4)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['shape']} {case['filter']}")
def test_floats_agree_with_stored_values_of_8_bits_to_a_grey_level(case: dict[str, Any]) -> None:
    from_eight_bits = picture_of(case["shape"][0], case["shape"][1], case["channels"])
    how = {"resize": "crop", "shorter": case["shorter"]} if "shorter" in case else {}
    colour = "rgb" if case["channels"] == 3 else "grey"
    said = reading(
        **({"resize": "squash"} | how), size=case["size"], filter=case["filter"], colour=colour
    )
    small = resized(from_eight_bits.astype(np.float32), said)
    assert small.min() >= 0
    assert small.max() <= 255
    # Between rows and columns 8 bits are cut at 0 and 255, where these two filters overshoot.
    overshoots = case["filter"] in ("bicubic", "lanczos")
    away = np.abs(small.reshape(-1)[::37] - case["pixels"])
    assert away.max() <= (8 if overshoots else 1.01)
    assert np.median(away) <= 0.5


def picture_of(rows: int, columns: int, channels: int) -> FloatArray:
    """The picture of the stored values."""
    rng = np.random.default_rng(rows * 1000 + columns)
    y, x = np.mgrid[:rows, :columns]
    ramp = (x * 3 + y * 5) % 256
    noise = rng.integers(0, 256, (rows, columns))
    three = np.stack([ramp, ramp * 2 % 256, noise], -1).astype(np.float64)
    return three if channels == 3 else np.ascontiguousarray(three[..., 2])


def test_xrv_of_16_bits_is_that_of_its_makers() -> None:
    values = np.random.default_rng(4).integers(0, 65536, (2, 9, 7), dtype=np.uint16)
    grey = levels(values, (0, 65535), "a").astype(np.float32)
    tensor = prepared(grey, reading(normalise="xrv"), "NCHW", "fp32")
    expected = (2 * (values / 65535) - 1) * 1024  # TorchXRayVision's `normalize(img, 65535)`
    np.testing.assert_allclose(tensor[:, 0], expected, atol=5e-4)
    unit = prepared(grey, reading(), "NCHW", "fp32")
    np.testing.assert_allclose(unit[:, 0], values / 65535, atol=1e-7)


def test_a_letterbox_of_floats_has_its_fill() -> None:
    grey = np.full((1, 10, 20), 100.25, np.float32)
    said = reading(size=[20, 20], resize="letterbox", fill=114, filter="bilinear")
    tensor = prepared(grey, said, "NCHW", "fp32")[0, 0] * 255
    np.testing.assert_allclose(tensor[:5], 114, atol=1e-4)
    np.testing.assert_allclose(tensor[5:15], 100.25, atol=1e-4)
