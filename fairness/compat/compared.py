"""Numbers of an original evaluation, as the report sets them beside ours."""

from dataclasses import dataclass

import numpy as np

from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE

ATTRIBUTES = tuple(a.name for a in (RACE, GENDER, ETHNICITY, LANGUAGE))
"""Attributes of the FairCLIP and FairSeg evaluations, in the order of their results."""


@dataclass(frozen=True)
class Compared:
    """One number as the original evaluation gives it."""

    attribute: str
    group: str
    metric: str
    original: float | None
    """None where it is NaN, or hidden."""
    hidden: bool = False
    """Whether it would show a small group, alone or in a gap between groups."""


def compared(attribute: str, group: str, metric: str, value: float, hidden: bool) -> Compared:
    """The number; None in its place where it is NaN or hidden."""
    shown = float(value) if np.isfinite(value) and not hidden else None
    return Compared(attribute, group, metric, shown, hidden)
