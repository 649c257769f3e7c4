"""Values of flags and of `data.yaml`: names, rules, numbers, all written alike in both."""

import math
from collections.abc import Mapping, Sequence

from fairness.errors import UsageError


def names_in(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def window_in(text: str) -> tuple[float, float]:
    """Centre and width of `40,400`.

    Raises:
        UsageError: they are no two numbers, or the width is not positive.
    """
    try:
        centre, width = map(float, names_in(text))
    except ValueError:
        centre, width = math.nan, math.nan
    if not (math.isfinite(centre) and math.isfinite(width) and width > 0):
        raise UsageError(f"--window: '{text}' is not CENTRE,WIDTH, as in 40,400")
    return centre, width


def classes_in(text: str, names: Sequence[str]) -> Mapping[int, int]:
    """Stored number to class of `0=background,128=rim,255=cup`.

    Args:
        text: the rules.
        names: of the classes 0, 1, ...

    Raises:
        UsageError: a part is no such rule, or repeats a number.
    """
    found: dict[int, int] = {}
    for part in names_in(text):
        number, _, name = (word.strip() for word in part.partition("="))
        is_whole = number.removeprefix("-").isdecimal() and number.isascii() and len(number) < 10
        if not is_whole or name not in names or int(number) in found:
            raise UsageError(
                f"--mask-values: '{part}' is not NUMBER=CLASS with a number that comes once and "
                f"one of {', '.join(names)}"
            )
        found[int(number)] = names.index(name)
    return found
