"""Learning rates of FairSeg's training: linear warm-up, then polynomial decay."""

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
