"""FairLoRA's input stage: stored images to CLIP pixels, as constant matrices.

The reference resizes with scikit-image: a Gaussian blur against aliasing, then linear
interpolation on pixel centres, edges mirrored. Both are linear and separable, so each axis is one
constant matrix, made by pushing the identity through scipy's own filters. Height and width are
therefore fixed.
"""

from typing import Literal, TypeAlias, cast

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from fairness.errors import DataError, UsageError
from training.models.preprocess import MEAN, STD

Modality: TypeAlias = Literal["slo", "oct", "chest"]

EVERY = 4
"""Of an OCT volume every fourth B-scan is looked at."""
DEPTH = 8
"""B-scans that the projection turns into one three-channel slice."""


def resize_matrix(length: int, size: int) -> Tensor:
    """The (size, length) float32 matrix that resizes one axis as `skimage.transform.resize` does.

    Order 1, mode reflect, anti-aliasing where the axis shrinks.
    """
    pixels = np.eye(length)
    if size < length:
        pixels = ndimage.gaussian_filter1d(pixels, (length / size - 1) / 2, axis=0, mode="mirror")
    zoomed = ndimage.zoom(pixels, (size / length, 1), order=1, mode="mirror", grid_mode=True)
    return torch.from_numpy(zoomed.astype(np.float32))


class FairLoRAInput(nn.Module):
    """Stored uint8 images of one fixed shape to pixels (B * slices, 3, size, size) float32.

    SLO images are transposed first, as the reference does. Of an OCT volume every fourth B-scan is
    kept; eight of those at a time go through a trained 5x5 convolution to a slice of three
    channels, stretched to 0..1. All end at CLIP's mean and deviation.
    """

    mean: Tensor
    std: Tensor
    vertical: Tensor
    horizontal: Tensor

    def __init__(self, modality: Modality, input_shape: tuple[int, ...], size: int) -> None:
        """Make the matrices.

        Args:
            modality: kind of the images.
            input_shape: (H, W) as stored, or (D, H, W) for OCT.
            size: height and width that the network takes.

        Raises:
            UsageError: the shape does not fit the modality.
        """
        super().__init__()
        require_shape(modality, input_shape)
        self.modality = modality
        self.input_shape = tuple(input_shape)
        self.slices = input_shape[0] // (EVERY * DEPTH) if modality == "oct" else 1
        height, width = input_shape[-2:] if modality != "slo" else input_shape[::-1]
        self.register_buffer("vertical", resize_matrix(height, size), persistent=False)
        self.register_buffer("horizontal", resize_matrix(width, size), persistent=False)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)
        self.projection: nn.Conv2d | None = None
        if modality == "oct":
            self.projection = nn.Conv2d(DEPTH, 3, kernel_size=5, padding=2)
            nn.init.normal_(self.projection.weight, std=DEPTH**-0.5)
            nn.init.zeros_(cast(Tensor, self.projection.bias))

    def forward(self, images: Tensor) -> Tensor:
        """Pixels of (B, H, W) or (B, D, H, W) uint8 images, a sample's slices together.

        Raises:
            DataError: the images are not uint8, or of another shape than the model was built for.
        """
        if images.dtype != torch.uint8 or images.shape[1:] != self.input_shape:
            raise DataError(
                f"images are {tuple(images.shape[1:])} {images.dtype}, the model takes "
                f"{self.input_shape} torch.uint8: pass stored grey levels of that shape"
            )
        if self.modality == "slo":
            images = images.transpose(1, 2)
        if self.projection is not None:
            scans = self.resize(images[:, ::EVERY]) / 255
            pixels = stretch(self.projection(scans.reshape(-1, DEPTH, *scans.shape[-2:])))
        else:
            pixels = self.resize(images).unsqueeze(1) / 255
        return (pixels - self.mean) / self.std

    def resize(self, images: Tensor) -> Tensor:
        """Images (..., H, W) as (..., size, size) float32, still on 0..255."""
        return self.vertical @ (images.float() @ self.horizontal.T)


def stretch(pixels: Tensor) -> Tensor:
    """Each of (B, C, H, W) from its own minimum and maximum to 0 and almost 1."""
    low = pixels.amin(dim=(1, 2, 3), keepdim=True)
    high = pixels.amax(dim=(1, 2, 3), keepdim=True)
    return (pixels - low) / (high - low + 1e-5)


def require_shape(modality: Modality, shape: tuple[int, ...]) -> None:
    """Check that images of this shape can be of this modality.

    Raises:
        UsageError: they cannot; says what is needed.
    """
    if modality == "oct":
        if len(shape) != 3 or shape[0] % (EVERY * DEPTH) or min(shape) < 1:
            raise UsageError(
                f"images of shape {shape} are no OCT volumes: (D, H, W) with D a multiple of "
                f"{EVERY * DEPTH} is needed"
            )
    elif len(shape) != 2 or min(shape) < 1:
        raise UsageError(f"images of shape {shape} are no {modality} images: (H, W) is needed")
