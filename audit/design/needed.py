"""The size at which a rule would pass with a wanted probability: a search over multiples."""

import math
from collections.abc import Callable, Mapping, Sequence

from scipy.special import ndtri

LEAST, MOST = 1 / 8, 16.0
"""Multiples of the stated sizes between which the search looks."""
HOPELESS = 4.0
"""Multiple from which on the search ends if no rule that lacks something has gained any more."""
STEPS = 4
"""Sizes that are tried between two doublings, for each rule."""
NEAR = 0.01
"""How far a probability may lie above the wanted one, for the search to end."""


def needed_multiples(
    passing: Callable[[float], Sequence[float]], wanted: float, most: float = MOST
) -> tuple[list[float | None], dict[float, Sequence[float]]]:
    """Of each rule the smallest multiple tried at which it passes often enough.

    Sizes are doubled and halved until every rule lies on both sides of `wanted`; then each is
    approached between its two neighbours, along a straight line of normal quantiles.

    Args:
        passing: probabilities of PASS (K,) at a multiple of the sizes.
        wanted: the probability, e.g. 0.8.
        most: largest multiple.

    Returns:
        Multiples (K,), None where none up to `most` is enough; all that was tried.
    """
    tried = {1.0: passing(1.0)}

    def at(multiple: float) -> Sequence[float]:
        if multiple not in tried:
            tried[multiple] = passing(multiple)
        return tried[multiple]

    up = down = 1.0
    while up * 2 <= most and min(at(up)) < wanted:
        before, up = at(up), up * 2
        if up >= HOPELESS and not any(
            p < wanted and p > was for p, was in zip(at(up), before, strict=True)
        ):
            break
    while down / 2 >= LEAST and max(at(down)) >= wanted:
        down /= 2
        at(down)
    found: list[float | None] = []
    for k in range(len(tried[1.0])):
        for _ in range(STEPS):
            between = neighbours({m: p[k] for m, p in tried.items()}, wanted)
            if between is None:
                break
            at(between)
        enough = [m for m, p in sorted(tried.items()) if p[k] >= wanted]
        found.append(enough[0] if enough else None)
    return found, dict(sorted(tried.items()))


def neighbours(tried: Mapping[float, float], wanted: float) -> float | None:
    """Where to look next; None where nothing lies on one side, or where it is near enough."""
    enough = min((m for m, p in tried.items() if p >= wanted), default=None)
    below = [m for m, p in tried.items() if p < wanted and (enough is None or m < enough)]
    if enough is None or not below or tried[enough] - wanted <= NEAR:
        return None
    under = max(below)
    if enough / under < 1.02:
        return None
    low, high = (float(ndtri(min(max(tried[m], 1e-4), 1 - 1e-4))) for m in (under, enough))
    part = (float(ndtri(wanted)) - low) / (high - low) if high > low else 0.5
    part = min(max(part + 0.05, 0.1), 0.9)  # a little beyond, so that it is enough
    return round(under * math.exp(part * math.log(enough / under)), 3)
