"""Stored fundus images to a segmentation network's pixels, and its class masks back.

FairSeg crops the centre and resamples the crop by scipy's spline zoom (Tian et al., ICLR 2024,
released code; docs/methods.md). A spline zoom is linear and separable: pushing the identity through
scipy once gives it as one constant matrix for both axes, which runs alike in torch and in every
ONNX runtime. Height and width are therefore fixed per model; the batch stays free.
"""

from functools import lru_cache

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError


class SegmentationInput(nn.Module):
    """Raw images (B, H, W) uint8 to pixels (B, 3, size, size) float32 in [0, 1].

    Args:
        height: H of the stored images.
        width: W of the stored images.
        crop: side of the centred square that the network sees.
        size: side of the network's input.
        compat: keep two defects of the released code: the spline overshoots [0, 1], and rounding
            may leave the last row and column of image and mask zero (512 to 224 does).

    Raises:
        DataError: the images are smaller than the crop.
    """

    def __init__(
        self, height: int, width: int, crop: int, size: int, *, compat: bool = False
    ) -> None:
        super().__init__()
        if min(height, width) < crop:
            raise DataError(
                f"images of {height} x {width} are smaller than the crop of {crop}; "
                "choose a smaller crop"
            )
        self.height, self.width = height, width
        self.crop, self.size, self.compat = crop, size, compat
        self.top, self.left = height // 2 - crop // 2, width // 2 - crop // 2
        self.zoom: Tensor
        self.back: Tensor
        zoom = torch.from_numpy(zoom_matrix(crop, size, compat)).float()
        back = torch.from_numpy(nearest_index(size, crop))
        self.register_buffer("zoom", zoom, persistent=False)  # (size, crop)
        self.register_buffer("back", back, persistent=False)  # (crop,)

    def forward(self, images: Tensor) -> Tensor:
        """Crop, scale, resample and repeat over three channels: (B, 3, size, size) float32.

        Raises:
            DataError: the images are not uint8, or not of the height and width of this model.
        """
        if images.dtype != torch.uint8:
            raise DataError(f"images are {images.dtype}, not uint8: pass the stored grey levels")
        grey = self._centre(images).float() / 255
        if self.crop != self.size:
            grey = self.zoom @ grey @ self.zoom.T
        if not self.compat:
            grey = grey.clamp(0, 1)
        return grey.unsqueeze(1).expand(-1, 3, -1, -1)

    def crop_mask(self, masks: Tensor) -> Tensor:
        """Target of the network for stored masks (B, H, W): (B, size, size), same type."""
        return resize_mask(self._centre(masks), self.size, compat=self.compat)

    def restore(self, classes: Tensor) -> Tensor:
        """Answers (B, size, size) at native size (B, H, W); background (0) outside the crop."""
        native = classes[:, self.back][:, :, self.back]
        right, bottom = self.width - self.left - self.crop, self.height - self.top - self.crop
        return functional.pad(native, (self.left, right, self.top, bottom))

    def _centre(self, stored: Tensor) -> Tensor:
        height, width = stored.shape[1:]
        if (height, width) != (self.height, self.width):
            raise DataError(
                f"images of {height} x {width} given to a model made for {self.height} x "
                f"{self.width}; use images of one size, or train and export for this one"
            )
        rows = slice(self.top, self.top + self.crop)
        return stored[:, rows, self.left : self.left + self.crop]


def resize_mask(masks: Tensor, size: int, *, compat: bool = False) -> Tensor:
    """Square masks (B, N, N) to (B, size, size) by nearest neighbour, endpoints aligned."""
    index = torch.from_numpy(nearest_index(masks.shape[1], size, compat)).to(masks.device)
    inside = index >= 0
    resized = masks[:, index.clamp(min=0)][:, :, index.clamp(min=0)]
    return resized * (inside.unsqueeze(1) & inside)


@lru_cache(maxsize=16)
def zoom_matrix(length: int, size: int, compat: bool = False) -> FloatArray:
    """The (size, length) float64 matrix of `scipy.ndimage.zoom` with cubic splines on one axis."""
    matrix: FloatArray = ndimage.zoom(
        np.eye(length), (size / length, 1), order=3, mode=_mode(compat)
    )
    return matrix


@lru_cache(maxsize=16)
def nearest_index(length: int, size: int, compat: bool = False) -> IntArray:
    """Source, of `length` pixels, of each of `size`: (size,) int64; -1 where compat leaves zero."""
    index: IntArray = ndimage.zoom(
        np.arange(length), size / length, order=0, mode=_mode(compat), cval=-1
    )
    return index


def _mode(compat: bool) -> str:
    # scipy prefilters both modes alike. Under `constant` a last coordinate that rounding put
    # beyond the last pixel answers zero; under `mirror` it falls back on that pixel.
    return "constant" if compat else "mirror"
