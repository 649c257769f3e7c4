"""The input stage against scipy's filters, numpy arithmetic and a plain convolution."""

from typing import TypeAlias

import numpy as np
import pytest
import torch
from scipy import ndimage

from fairness.errors import DataError, UsageError
from training.models.fairlora_input import FairLoRAInput, resize_matrix
from training.models.preprocess import MEAN, STD

UInt8: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Float64: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def resized(image: UInt8, size: int) -> Float64:
    """What scikit-image's `resize` computes: order 1, mode reflect, anti-aliasing by default."""
    factors = np.array(image.shape) / size
    sigma = np.maximum(0, (factors - 1) / 2)
    blurred = ndimage.gaussian_filter(image.astype(float), sigma, mode="mirror")
    return np.asarray(ndimage.zoom(blurred, 1 / factors, order=1, mode="mirror", grid_mode=True))


def noise(*shape: int) -> UInt8:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(664, 512), (200, 200), (96, 300), (40, 61), (96, 96)])
def test_slo_is_transposed_and_resized_as_the_reference_does(shape: tuple[int, int]) -> None:
    image = noise(*shape)
    pixels = FairLoRAInput("slo", shape, 96)(torch.from_numpy(image)[None])
    assert pixels.shape == (1, 3, 96, 96)
    grey = pixels[0].numpy() * np.array(STD)[:, None, None] + np.array(MEAN)[:, None, None]
    for channel in grey:
        assert channel * 255 == pytest.approx(resized(image.T, 96), abs=1e-3)


def test_chest_images_stay_upright() -> None:
    image = torch.from_numpy(noise(50, 70))
    chest = FairLoRAInput("chest", (50, 70), 32)(image[None])
    torch.testing.assert_close(chest, FairLoRAInput("slo", (70, 50), 32)(image.T[None]))


def test_equal_sizes_are_not_resampled() -> None:
    assert torch.equal(resize_matrix(224, 224), torch.eye(224))


def test_a_volume_becomes_slices_stretched_to_one() -> None:
    torch.manual_seed(0)
    volumes = torch.from_numpy(noise(2, 128, 20, 24))
    stage = FairLoRAInput("oct", (128, 20, 24), 16)
    assert stage.slices == 4
    assert stage.projection is not None
    assert sum(p.numel() for p in stage.parameters()) == 603
    with torch.no_grad():
        pixels = stage(volumes)
        assert pixels.shape == (2 * 4, 3, 16, 16)
        # Volume 1, slice 2: B-scans 64, 68, ..., 92.
        scans = np.stack([resized(volumes[1, d].numpy(), 16) / 255 for d in range(64, 96, 4)])
        raw = stage.projection(torch.from_numpy(scans).float()[None])[0].numpy()
    one = (raw - raw.min()) / (raw.max() - raw.min() + 1e-5)
    expected = (one - np.array(MEAN)[:, None, None]) / np.array(STD)[:, None, None]
    assert pixels[1 * 4 + 2].numpy() == pytest.approx(expected, abs=1e-4)


def test_the_projection_starts_unbiased_with_the_stated_spread() -> None:
    torch.manual_seed(0)
    projection = FairLoRAInput("oct", (32, 8, 8), 8).projection
    assert projection is not None
    assert projection.bias is not None
    assert not projection.bias.any()
    assert float(projection.weight.detach().std()) == pytest.approx(8**-0.5, rel=0.1)  # 600 draws


@pytest.mark.parametrize(
    "images",
    [torch.zeros(1, 20, 30), torch.zeros(1, 30, 20, dtype=torch.uint8)],
    ids=["float", "turned"],
)
def test_other_images_than_built_for_are_refused(images: torch.Tensor) -> None:
    with pytest.raises(DataError, match=r"the model takes \(20, 30\)"):
        FairLoRAInput("slo", (20, 30), 8)(images)


@pytest.mark.parametrize(
    ("modality", "shape"), [("oct", (100, 8, 8)), ("oct", (8, 8)), ("slo", (1, 8, 8))]
)
def test_shapes_that_a_modality_cannot_have_are_refused(
    modality: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(UsageError, match="needed"):
        FairLoRAInput(modality, shape, 8)  # type: ignore[arg-type]  # parametrised as a str
