"""Settings of a probe."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from training.encoding import Count, Encoding

FREE = ("data", "backbone", "weights")
"""Settings that may change while a run is continued; what they name may not."""

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Config(Encoding):
    """Settings of a run; the defaults are FairCLIP's for its linear probe."""

    head: Literal["linear", "logistic"] = "linear"
    """linear: batch normalisation and a linear layer, by LARS. logistic: penalised regression."""
    epochs: Count = 1000
    """Passes over the training split (linear)."""
    warmup: Annotated[int, Field(ge=0)] = 10
    """Epochs in which the learning rate rises (linear)."""
    evaluate_every: Count = 10
    """Epochs between two evaluations (linear)."""
    batch_size: Annotated[int, Field(ge=2)] = 512
    """Samples of a step; an unfilled last batch is left out (linear)."""
    base_lr: Positive = 0.1
    """LARS's learning rate for a batch of 256; it grows with the batch (linear)."""
    augment: bool = False
    """Encode training images anew in every epoch, cropped and flipped at random."""
    c: Positive = 0.316
    """Inverse of the penalty (logistic)."""
