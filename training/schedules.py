"""Learning rates: linear warm-up, then polynomial decay (FairSeg) or half a cosine (probes)."""

import math
from dataclasses import dataclass

POWER = 0.9


@dataclass(frozen=True)
class Schedule:
    """Learning rate at each step of a run."""

    base: float
    """Rate at the end of the warm-up."""
    total: int
    """Steps of the scheduled run; a run that stops early keeps it."""
    warmup: int = 0
    """Steps of linear warm-up, before which the rate is base / warmup."""

    def after(self, step: int) -> float:
        """The rate that is set once step number `step`, from 0 on, is done."""
        if step < self.warmup:
            return self.base * (step + 1) / self.warmup
        left = max(0.0, 1 - (step - self.warmup) / self.total)
        return self.base * float(left**POWER)

    def at(self, step: int) -> float:
        """The rate that step number `step` uses."""
        return self.after(max(step - 1, 0))


@dataclass(frozen=True)
class HalfCosine:
    """Linear warm-up from 0, then half a cosine down to 0 (He et al., MAE, CVPR 2022)."""

    base: float
    """Rate at the end of the warm-up."""
    epochs: int
    """Of the whole run, at whose end the rate is 0."""
    warmup: int
    """Epochs of warm-up."""

    def at(self, epoch: float) -> float:
        """The rate at an epoch, fractions included, from 0 on."""
        if epoch < self.warmup:
            return self.base * epoch / self.warmup
        done = (epoch - self.warmup) / max(1, self.epochs - self.warmup)
        return self.base * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
