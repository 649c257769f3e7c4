"""Grey levels 0..255 to the numbers that a model was trained on: named presets, or numbers."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from fairness.arrays import Array
from fairness.probes import Number

Preset: TypeAlias = Literal["imagenet", "clip", "half", "unit", "xrv"]
Channels: TypeAlias = Annotated[tuple[Number, ...], Field(min_length=1, max_length=3)]
Positive: TypeAlias = Annotated[Number, Field(gt=0)]


class Normalise(BaseModel):
    """(pixel / divide_by - mean) / std, a mean and std for all channels or for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    divide_by: Positive
    mean: Channels = (0.0,)
    std: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=3)] = (1.0,)


PRESETS: Mapping[Preset, Normalise] = {
    "imagenet": Normalise(divide_by=255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    "clip": Normalise(
        divide_by=255,
        mean=(0.48145466, 0.4578275, 0.40821073),
        std=(0.26862954, 0.26130258, 0.27577711),
    ),
    "half": Normalise(divide_by=255, mean=(0.5,), std=(0.5,)),
    "unit": Normalise(divide_by=255),
    "xrv": Normalise(divide_by=255, mean=(0.5,), std=(1 / 2048,)),
}
"""ImageNet's of torchvision and timm, OpenAI's CLIP, (-1, 1), (0, 1), and TorchXRayVision's
-1024..1024."""


def normalised(pixels: Array, how: Normalise) -> Array:
    """(..., C) grey levels 0..255 to float32, in float32 as torchvision's ToTensor and Normalize.

    Args:
        pixels: channels last, in the order of the means.
        how: with one mean and std, or as many as there are channels.
    """
    mean, std = np.array(how.mean, np.float32), np.array(how.std, np.float32)
    scaled = pixels.astype(np.float32) / np.float32(how.divide_by)
    found: Array = (scaled - mean) / std
    return found
