"""Settings of fine-tuning."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from training.encoding import Count, Encoding

FREE = ("data", "epochs", "cache_mb", "backbone", "weights")
"""Settings that may change while a run is continued; what they name may not."""

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Config(Encoding):
    """Settings of a run; the paper gives none for its end-to-end fine-tuning."""

    epochs: Count = 10
    """Passes over the training split."""
    batch_size: Annotated[int, Field(ge=2)] = 32
    """Samples in a step; an unfilled last batch is left out."""
    lr: Positive = 1e-5
    """AdamW's learning rate of the encoder; constant."""
    head_lr: Positive = 1e-3
    """AdamW's learning rate of the head; constant."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    """AdamW's decoupled decay of weights."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for preprocessed images; where the split needs more, they are read at each use."""
