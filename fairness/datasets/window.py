"""Values of any range as grey levels from 0 (black) to 255 (white), not yet rounded."""

from typing import TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.errors import DataError

Window: TypeAlias = tuple[float, float]
"""The values that become black and white; all between are spread evenly."""

HOW = "say which values are black and white with --window LOW,HIGH, such as 0,4095"


def levels(values: Array, window: Window, where: str) -> FloatArray:
    """Grey levels 0..255 of the same shape: (value - low) / (high - low) x 255, cut at both ends.

    Args:
        values: of any range.
        window: low and high, low being less.
        where: begins an error.

    Raises:
        DataError: a value is no finite number.
    """
    low, high = window
    wide = values.astype(np.float64)  # a copy, changed in place: radiographs are large
    if not np.isfinite(wide).all():
        raise DataError(
            f"{where} holds values that are no finite numbers; store a number in each pixel, or go "
            "on without it by --on-error skip"
        )
    wide -= low
    wide /= high - low
    np.clip(wide, 0, 1, out=wide)
    wide *= 255
    return wide
