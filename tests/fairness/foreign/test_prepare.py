"""Preprocessing against torchvision's stored values, Pillow itself, and numpy written out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from fairness.arrays import Image
from fairness.errors import DataError
from fairness.foreign.description import ImageInput
from fairness.foreign.normalise import PRESETS, normalised
from fairness.foreign.prepare import prepared
from fairness.foreign.resize import resized, shorter_side, unresized

GOLDEN = Path(__file__).parents[2] / "golden" / "torchvision_transforms.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["cases"]


def picture(rows: int, columns: int, channels: int) -> Image:
    """The picture of the stored values."""
    rng = np.random.default_rng(rows * 1000 + columns)
    y, x = np.mgrid[:rows, :columns]
    ramp = (x * 3 + y * 5) % 256
    noise = rng.integers(0, 256, (rows, columns))
    all_three = np.stack([ramp, ramp * 2 % 256, noise], -1).astype(np.uint8)
    return all_three if channels == 3 else np.ascontiguousarray(all_three[..., 2])


def taking(**said: Any) -> ImageInput:
    return ImageInput.model_validate({"name": "x", "layout": "NCHW", **said})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['shape']} {case['filter']}")
def test_resizing_is_that_of_torchvision_on_pillow_images(case: dict[str, Any]) -> None:
    how = {"resize": "crop", "shorter": case["shorter"]} if "shorter" in case else {}
    said = taking(
        **({"resize": "squash"} | how),
        size=case["size"],
        filter=case["filter"],
        colour="rgb" if case["channels"] == 3 else "grey",
        normalise=case.get("preset", "unit"),
    )
    rows, columns = case["shape"]
    image = picture(rows, columns, case["channels"])
    small = resized(image, said)
    assert small.shape[:2] == tuple(case["size"])
    assert small.reshape(-1)[::37].tolist() == case["pixels"]
    if "shorter" in case:
        assert [*shorter_side(rows, columns, case["shorter"])] == case["resized"]
    if "tensor" in case:
        tensor = prepared(image[None], said, "NCHW", "fp32")
        assert tensor.dtype == np.float32
        np.testing.assert_allclose(tensor.reshape(-1)[::61], case["tensor"], atol=2e-6)


@pytest.mark.parametrize("shape", [(40, 90), (90, 40), (31, 33), (3, 160)])
@pytest.mark.parametrize("name", ["bilinear", "nearest", "hamming"])
def test_a_letterbox_is_that_of_pillow(shape: tuple[int, int], name: str) -> None:
    image = picture(*shape, 3)
    said = taking(size=[48, 56], resize="letterbox", fill=114, filter=name, colour="rgb")
    method = Pillow.Resampling[name.upper()]
    expected = ImageOps.pad(Pillow.fromarray(image), (56, 48), method, color=(114, 114, 114))
    np.testing.assert_array_equal(resized(image, said), np.asarray(expected))


@pytest.mark.parametrize(
    ("layout", "shape"),
    [("NCHW", (2, 3, 5, 7)), ("NHWC", (2, 5, 7, 3)), ("CHW", (3, 5, 7)), ("HWC", (5, 7, 3))],
)
@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_every_channel_lands_on_its_axis(layout: str, shape: tuple[int, ...], colour: str) -> None:
    images = np.zeros((2 if "N" in layout else 1, 5, 7, 3), np.uint8)
    images[..., 0] = 200
    tensor = prepared(images, taking(colour=colour), layout, "uint8")
    assert tensor.shape == shape
    assert tensor.dtype == np.uint8
    red = np.take(tensor, 0 if colour == "rgb" else 2, axis=layout.index("C"))
    assert (red == 200).all()
    assert tensor.sum() == red.sum()


@pytest.mark.parametrize(("layout", "shape"), [("NHW", (2, 5, 7)), ("NCHW", (2, 1, 5, 7))])
def test_a_grey_image_has_one_channel_or_three_equal_ones(
    layout: str, shape: tuple[int, ...]
) -> None:
    images = picture(5, 7, 1)[None].repeat(2, axis=0)
    grey = prepared(images, taking(layout=layout), layout, "uint8")
    np.testing.assert_array_equal(grey, images.reshape(shape))
    three = prepared(images, taking(colour="rgb"), "NHWC", "uint8")
    np.testing.assert_array_equal(three, np.stack([images] * 3, axis=-1))


def test_presets_are_what_their_makers_document() -> None:
    levels = np.arange(256, dtype=np.uint8)[:, None]
    xrv = (2 * (levels / 255.0) - 1) * 1024  # TorchXRayVision's `normalize(img, 255)`
    np.testing.assert_allclose(normalised(levels, PRESETS["xrv"]), xrv, atol=1e-3)
    np.testing.assert_allclose(normalised(levels, PRESETS["half"]), levels / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(normalised(levels, PRESETS["unit"]), levels / 255, atol=1e-7)


def test_half_precision_rounds_the_numbers_of_single_precision() -> None:
    images = picture(5, 7, 1)[None]
    said = taking(normalise="half")
    wide, half = (prepared(images, said, "NCHW", dtype) for dtype in ("fp32", "fp16"))
    np.testing.assert_array_equal(half, wide.astype(np.float16))


def test_volumes_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(4, 5, 6\), where a described model takes"):
        prepared(np.zeros((2, 4, 5, 6), np.uint8), taking(), "NCHW", "uint8")


@pytest.mark.parametrize("native", [(48, 40), (12, 14), (24, 28), (24, 56)])
def test_a_mask_comes_back_over_the_image_that_it_was_drawn_on(native: tuple[int, int]) -> None:
    rows, columns = native
    blocks = np.random.default_rng(2).integers(0, 3, (rows // 2, columns // 2)).astype(np.uint8)
    mask = np.kron(blocks, np.ones((2, 2), np.uint8))
    said = taking(size=[24, 28], resize="letterbox", fill=9, filter="nearest")
    small = resized(mask, said)
    assert (small == 9).any() == (rows * 28 != columns * 24)
    np.testing.assert_array_equal(unresized(small, native, said), mask)
