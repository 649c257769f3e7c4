"""Values of flags and of `data.yaml`: names, rules, numbers, all written alike in both."""

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from fairness.errors import UsageError

PIXELS: Literal["pixels"] = "pixels"
"""Says that distances are in pixels, whatever columns there are."""

Spacing: TypeAlias = tuple[float, float] | tuple[str, str] | Literal["pixels"]
"""mm between rows and between columns, or the columns that hold them, or neither."""


def names_in(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def window_in(text: str) -> tuple[float, float]:
    """Low and high of `-160,240`, or of `centre=40,width=400`, which are the same.

    Raises:
        UsageError: they are no two numbers, or nothing lies between them.
    """
    parts = [word.partition("=")[::2] for word in names_in(text)]
    try:
        if [name.strip() for name, value in parts if value] == ["centre", "width"]:
            centre, width = (float(value) for _, value in parts)
            low, high = centre - width / 2, centre + width / 2
        else:
            low, high = map(float, names_in(text))
    except ValueError:
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(
            f"--window: '{text}' is not LOW,HIGH with LOW below HIGH, as in 0,4095, nor "
            "centre=40,width=400"
        )
    return low, high


def spacing_in(text: str) -> Spacing:
    """The mm of `0.5,0.5`, the two columns of `row_mm,column_mm`, or `pixels`.

    Raises:
        UsageError: it is none of them.
    """
    parts = names_in(text)
    if parts == (PIXELS,):
        return PIXELS
    try:
        numbers = tuple(map(float, parts))
    except ValueError:
        numbers = ()
    if len(numbers) == 2 and all(0 < mm < math.inf for mm in numbers):
        return numbers[0], numbers[1]
    if len(parts) != 2 or numbers:
        raise UsageError(
            f"--spacing: '{text}' is not MM,MM between rows and between columns, as in 0.5,0.5, "
            f"nor two columns of them, nor {PIXELS}"
        )
    return parts[0], parts[1]


def classes_in(text: str) -> Mapping[int, str]:
    """Stored number to the name of its class, of `0=background,128=rim,255=cup`.

    Raises:
        UsageError: a part is no such rule, or repeats a number.
    """
    found: dict[int, str] = {}
    for part in names_in(text):
        number, _, name = (word.strip() for word in part.partition("="))
        is_whole = number.removeprefix("-").isdecimal() and number.isascii() and len(number) < 10
        if not is_whole or not name or int(number) in found:
            raise UsageError(
                f"--mask-values: '{part}' is not NUMBER=CLASS with a number that comes once, as in "
                "0=background,255=lung"
            )
        found[int(number)] = name
    return found
