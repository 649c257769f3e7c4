"""Numbers of an original evaluation, as the report sets them beside ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE, Attribute

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


def of_papers(attributes: Sequence[Attribute]) -> list[Attribute]:
    """Those of the attributes that FairCLIP and FairSeg evaluate, in the order of `ATTRIBUTES`."""
    return [a for name in ATTRIBUTES for a in attributes if a.name == name]


def compared(
    attribute: str, group: str, numbers: Mapping[str, float], hidden: bool
) -> list[Compared]:
    """The numbers by name of the metric; None in the place of one that is NaN or hidden."""
    shown = {m: float(v) if np.isfinite(v) and not hidden else None for m, v in numbers.items()}
    return [Compared(attribute, group, metric, value, hidden) for metric, value in shown.items()]
