"""An image to the size that a model takes, by Pillow, in the three ways that are in use.

The rounding is that of torchvision's documented transforms on Pillow images (Resize, CenterCrop),
and of Pillow's `ImageOps.pad`; the first two are restated here and held to stored values. Grey
levels in float32 stay so: Pillow sums in double precision (mode F).
"""

import numpy as np
from PIL import Image as Pillow

from fairness.arrays import Array, Image
from fairness.foreign.description import ImageInput


def resized(image: Array, said: ImageInput) -> Array:
    """An (H, W) or (H, W, 3) image at the size of the description; as it is without one.

    Of its own type: uint8, or float32 grey levels 0..255.
    """
    if said.size is None or said.filter is None:
        return image
    how = Pillow.Resampling[said.filter.upper()]
    rows, columns = said.size
    if said.resize == "squash":
        return _to(image, (rows, columns), how)
    if said.resize == "crop" and said.shorter is not None:
        whole = _to(image, shorter_side(image.shape[0], image.shape[1], said.shorter), how)
        top, left = (round((whole.shape[i] - said.size[i]) / 2.0) for i in (0, 1))
        return whole[top : top + rows, left : left + columns]
    inside = fitted(image.shape[0], image.shape[1], said.size)
    padded = np.full((rows, columns, *image.shape[2:]), said.fill, image.dtype)
    top, left = padding(inside, said.size)
    padded[top : top + inside[0], left : left + inside[1]] = _to(image, inside, how)
    return padded


def shorter_side(rows: int, columns: int, side: int) -> tuple[int, int]:
    """The size whose shorter side is `side`; the longer one is cut to a whole number."""
    longer = int(side * max(rows, columns) / min(rows, columns))
    return (side, longer) if rows <= columns else (longer, side)


def fitted(rows: int, columns: int, size: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape inside `size`, at least one pixel a side."""
    if rows * size[1] > columns * size[0]:
        return size[0], max(1, round(columns / rows * size[0]))
    return max(1, round(rows / columns * size[1])), size[1]


def padding(inside: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Rows above and columns left of a picture in the centre of `size`."""
    return round((size[0] - inside[0]) * 0.5), round((size[1] - inside[1]) * 0.5)


def unresized(mask: Image, native: tuple[int, int], said: ImageInput) -> Image:
    """A mask of the model's size at the size of the stored image, by its nearest pixels.

    Args:
        mask: (H, W) uint8, of `said.size`.
        native: rows and columns of the stored image.
        said: how the image got to that size; a crop cannot be undone, and is not taken.
    """
    if said.size is None:
        return mask
    if said.resize == "letterbox":
        inside = fitted(*native, said.size)
        top, left = padding(inside, said.size)
        mask = mask[top : top + inside[0], left : left + inside[1]]
    return _to(mask, native, Pillow.Resampling.NEAREST)


def _to(image: Array, size: tuple[int, int], how: Pillow.Resampling) -> Array:
    if image.shape[:2] == size:
        return image
    if image.dtype == np.float32:
        if image.ndim == 3:  # Pillow has floats in one channel alone
            return np.stack([_to(image[..., i], size, how) for i in range(3)], axis=-1)
        picture = Pillow.fromarray(np.ascontiguousarray(image)).resize((size[1], size[0]), how)
        return np.clip(np.asarray(picture), 0, 255)  # as 8 bits are, where a filter overshoots
    picture = Pillow.fromarray(image).resize((size[1], size[0]), how)
    return np.asarray(picture, dtype=np.uint8)
