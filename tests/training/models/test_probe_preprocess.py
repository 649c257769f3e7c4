"""The squashing of a probe's images, against Pillow, which the original uses."""

import numpy as np
import pytest
import torch
from PIL import Image

from fairness.probes import probe_image
from training.models.preprocess import Preprocess, squashed

SHAPES = [(664, 512), (512, 664), (224, 224), (225, 223), (96, 80), (17, 64), (1, 1), (1000, 300)]


@pytest.mark.parametrize("size", [32, 224])
@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_a_probe_s_image_is_squashed_as_by_pillow(height: int, width: int, size: int) -> None:
    rng = np.random.default_rng(height)
    noise = rng.integers(0, 256, (height, width), dtype=np.uint8)
    for image in (probe_image(rng, height, width), noise):
        # Rows first, as always in the Pillow of the paper's time; newer ones choose the order.
        bicubic, rgb = Image.Resampling.BICUBIC, Image.fromarray(image).convert("RGB")
        rgb = rgb.resize((size, height), bicubic).resize((size, size), bicubic)
        ours = squashed(torch.from_numpy(image)[None], size)[0].numpy()
        apart = np.abs(ours - np.asarray(rgb)[..., 0].astype(np.float32))
        assert apart.max() <= 1  # Pillow's weights are whole numbers of 2 ** -22
        assert (apart > 0).mean() < 2e-3


def test_squashing_for_a_probe_shows_the_edges_that_a_crop_cuts_off() -> None:
    image = torch.zeros(1, 300, 200, dtype=torch.uint8)
    image[:, :20] = 255
    assert Preprocess(32, "squash").crop(image).max() == 255
    assert Preprocess(32, "crop").crop(image).max() == 0
