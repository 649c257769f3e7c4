"""Settings of the fair term, for every trainer that has it."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fairness.errors import UsageError

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
FairMode: TypeAlias = Literal["paper", "released", "normalized", "none"]
ScoreScale: TypeAlias = Literal["cosine", "logit"]


@dataclass(frozen=True, kw_only=True)
class FairSettings:
    """What the fair term is; the defaults are the paper's.

    Raises:
        UsageError: `attribute` cannot be read, or settings exclude one another.
    """

    fair_mode: FairMode = "paper"
    """The fair term: the paper's, the released code's, the latter with both sides divided by
    their sums, or none at all: CLIP alone."""
    attribute: str = "race"
    """Attribute whose groups the fair term compares; several with weights: race=1,gender=0.5."""
    fair_lambda: Annotated[float, Field(ge=0)] = 1e-7
    """Weight of the fair term."""
    score_scale: ScoreScale = "cosine"
    """What paper mode compares: cosines, or logits. The other modes take logits."""
    group_batch_size: Count = 32
    """Samples of each group in a step."""
    group_grad: Literal["off", "on"] = "off"
    """Whether the groups' batches pass gradient, too; the authors' do not."""
    blur: Positive = 1e-4
    """Blur of the Sinkhorn divergence, in the unit of what is compared."""
    scaling: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Factor of its annealing."""
    fair_every: Count = 1
    """K: the fair term at every K-th step only, with K times its weight."""
    group_source: Literal["sampler", "queue"] = "sampler"
    """Groups' similarities: of batches drawn from each group, or, as an approximation, the most
    recent ones of the plain batches."""

    def __post_init__(self) -> None:
        """Refuse what cannot be read, or makes no sense together."""
        read_weights(self.attribute)
        if self.fair_mode == "released" and self.group_grad == "on":
            raise UsageError(
                "--fair-mode released has no gradient in the groups' batches: leave --group-grad "
                "off, or choose --fair-mode normalized"
            )
        if self.group_source == "queue" and self.fair_mode in ("released", "normalized"):
            raise UsageError(
                f"--fair-mode {self.fair_mode} compares numbers that depend on the whole batch, so "
                "they cannot be queued: use --group-source sampler"
            )
        if self.group_source == "queue" and self.group_grad == "on":
            raise UsageError("queued similarities have no gradient: leave --group-grad off")

    @property
    def attributes(self) -> dict[str, float]:
        """The attributes and the weights of their groups' distances."""
        return read_weights(self.attribute)

    @property
    def compared_scale(self) -> ScoreScale:
        """The scale of what the mode compares, whatever `score_scale` asks of paper mode."""
        return self.score_scale if self.fair_mode == "paper" else "logit"


def read_weights(text: str) -> dict[str, float]:
    """Attributes and weights of `race`, or of `race=1,gender=0.5`; a weight left out is 1.

    Raises:
        UsageError: an attribute has no name, comes twice, or its weight is not positive.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, given, number = (piece.strip() for piece in part.partition("="))
        try:
            weight = float(number) if given else 1.0
        except ValueError:
            weight = math.nan
        if not name or name in weights or not 0 < weight < math.inf:
            raise UsageError(
                f"--attribute '{text}': '{part.strip()}' is not an attribute of its own with a "
                "positive weight; write race, or race=1,gender=0.5"
            )
        weights[name] = weight
    return weights
