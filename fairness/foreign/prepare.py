"""A batch of stored images as the tensor that a described model takes."""

import numpy as np

from fairness.arrays import Array
from fairness.errors import DataError
from fairness.foreign.description import Datatype, ImageInput
from fairness.foreign.normalise import normalised
from fairness.foreign.resize import resized

DTYPES = {"uint8": np.uint8, "fp16": np.float16, "fp32": np.float32}


def prepared(
    images: Array, said: ImageInput, layout: str, dtype: Datatype, *, fitted: bool = False
) -> Array:
    """The tensor of a batch.

    Args:
        images: (B, H, W) grey or (B, H, W, 3) red, green, blue; uint8 or float32 grey levels.
        said: what the model takes.
        layout: axes on the wire; without N there is one image.
        dtype: on the wire.
        fitted: whether the images are of the model's size by now.

    Raises:
        DataError: the images are volumes.
    """
    if (images.ndim == 4 and images.shape[3] != 3) or images.ndim not in (3, 4):
        raise DataError(
            f"images of shape {images.shape[1:]}, where a described model takes pictures (H, W); "
            "export a model for volumes with python -m export"
        )
    small = images if fitted else [resized(image, said) for image in images]
    pixels = np.stack([_channels(image, said) for image in small])
    tensor: Array = pixels if said.numbers is None else normalised(pixels, said.numbers)
    if "C" not in layout:
        tensor = tensor[..., 0]
    elif layout.endswith("CHW"):
        tensor = np.moveaxis(tensor, -1, 1)
    if "N" not in layout:
        tensor = tensor[0]
    return np.ascontiguousarray(tensor, dtype=DTYPES[dtype])


def _channels(image: Array, said: ImageInput) -> Array:
    """(H, W, 1) of a grey image for a grey model, (H, W, 3) of any for one that takes colours."""
    if image.ndim == 2:
        return np.repeat(image[:, :, np.newaxis], said.channels, axis=2)
    return image[:, :, ::-1] if said.colour == "bgr" else image
