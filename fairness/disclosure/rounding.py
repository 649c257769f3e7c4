"""Numbers of a report made coarse, or left out."""

import math
from dataclasses import fields, replace
from typing import Any, TypeVar

Numbers = TypeVar("Numbers", bound=Any)
"""A row, a contrast, a point of a curve: a dataclass whose floats are numbers, limits, p-values."""


def coarse(numbers: Numbers, digits: int, alpha: float) -> Numbers:
    """The numbers to so many decimals, limits outwards; p-values to two significant digits.

    p-values still agree with the limits beside them: below `alpha` where these exclude 0.
    """
    scale = 10**digits
    found: dict[str, float] = {}
    for name in floats(numbers):
        value = getattr(numbers, name)
        if value is None:
            continue
        if "low" in name:
            found[name] = math.floor(value * scale + 1e-9) / scale
        elif "high" in name:
            found[name] = math.ceil(value * scale - 1e-9) / scale
        elif name in ("p", "p_adjusted"):
            step = 10.0 ** (math.floor(math.log10(value)) - 1) if value > 0 else 1.0
            found[name] = math.floor(value / step) * step
        else:
            found[name] = round(value, digits) + 0.0  # no -0.0
    for kind in ("", "_adjusted"):
        low, high, p = f"low{kind}", f"high{kind}", f"p{kind}"
        if {low, high, p} <= set(found) and found[low] <= 0 <= found[high]:
            found[p] = max(found[p], alpha)
    return replace(numbers, **found)


def without_numbers(numbers: Numbers) -> Numbers:
    """The same without value, limits and p-values."""
    return replace(numbers, **dict.fromkeys(floats(numbers)))


def floats(numbers: Numbers) -> list[str]:
    """Names of the fields that are numbers, not counts."""
    return [field.name for field in fields(numbers) if "float" in str(field.type)]
