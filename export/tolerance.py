"""How far an exported model may be from the trained one, by the precision of its weights."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["fp32", "fp16", "int8-dynamic"]


@dataclass(frozen=True)
class Tolerance:
    """How far a model may be from torch, and from its own probes when it is asked again."""

    relative: float
    """Largest difference of an answer, as a share of the spread of the answers."""
    agreement: float
    """Smallest share of equal pixels of masks."""
    probes: float
    """Largest difference from the recorded answers, as a share of their spread."""
    least: float = 0.0
    """Of `probes`, however small the spread: what rounding alone may do to an answer of up to 1."""


TOLERANCES: dict[Precision, Tolerance] = {
    # A wrong constant, axis or filter goes beyond any of these; docs/serving.md has what was seen.
    "fp32": Tolerance(1e-3, 0.9999, 0.02),
    "fp16": Tolerance(5e-2, 0.999, 0.05, 2.0**-11),
    # Its scale is that of the largest activation in the batch, so answers depend on the batch.
    "int8-dynamic": Tolerance(3e-1, 0.99, 0.3),
}
"""By precision. Of `probes`, fp32: wide enough for a GPU that rounds products to TF32 (0.5 % in a
simulation), narrow enough that a model trained a little further does not pass for this one. fp16: a
CPU computes halves in float32, a GPU does not; 2^-11 is half a step of such a number at 1 (2.3e-4
was seen on an H100)."""
