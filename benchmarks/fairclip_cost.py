"""What FairCLIP's fair term costs: CPU time of a training step by mode, over that of CLIP alone.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairclip_cost

Preset tiny, batches of 32, three groups of 32 a step, one thread, images kept in memory. A time is
that of 12 steps of one mode, so that every mode pays for all it does at some steps only. Modes take
turns; a ratio is one of times of the same turn. Medians and ranges of 5 turns.
"""

import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fairness.datasets.fairvlmed import FairVLMed
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import settings
from training.batching import batch_at
from training.fairclip.config import Config
from training.fairclip.encoder import Encoder
from training.fairclip.fair_loss import FairObjective, Group
from training.fairclip.objective import step_loss
from training.fairclip.pairs import Pairs
from training.fairclip.train import build
from training.losses.fair_settings import FairSettings
from training.runlog import LOG

STEPS, TURNS, IMAGES = 12, 5, 192
MODES = {
    "none": FairSettings(fair_mode="none"),
    "paper": FairSettings(),
    "released": FairSettings(fair_mode="released"),
    "normalized": FairSettings(fair_mode="normalized"),
    "paper, group gradient": FairSettings(group_grad="on"),
    "paper, every 4th step": FairSettings(fair_every=4),
    "paper, every 6th step": FairSettings(fair_every=6),
    "paper, queue": FairSettings(group_source="queue"),
}


def main() -> None:
    """Print the table."""
    LOG.setLevel(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        write_fairvlmed(data, Recipe(train=IMAGES, val=0, test=0))
        found = {name: np.zeros(TURNS) for name in MODES}
        timers = {name: Timer(data, chosen) for name, chosen in MODES.items()}
        for timer in timers.values():
            timer.run()
        for turn in range(TURNS):
            for name, timer in timers.items():
                found[name][turn] = timer.run()
    print("| mode | ms a step | over `none` | range of 5 |")
    print("|---|--:|--:|--:|")
    for name, seconds in found.items():
        ratio = seconds / found["none"]
        print(
            f"| {name} | {1000 * np.median(seconds) / STEPS:.0f} | {np.median(ratio):.2f} | "
            f"{ratio.min():.2f} to {ratio.max():.2f} |"
        )


class Timer:
    """A model in training in one mode."""

    def __init__(self, data: Path, chosen: FairSettings) -> None:
        """Build it; who is in which group does not matter here, so groups are thirds."""
        preset = settings.read(Config, settings.CONFIGS / "fairclip.yaml", "tiny", "tiny")
        self.model, self.optimizer = build(replace(preset, data=data))
        pairs = Pairs(FairVLMed(data, "train", text_source="note"), self.model.image_size, 512)
        self.usable, self.step = pairs.check(skip=False), 0
        self.encoder = Encoder(self.model, pairs)
        thirds = enumerate(np.array_split(self.usable, 3))
        groups = tuple(Group(f"third/{number}", members, 1.0) for number, members in thirds)
        self.objective = FairObjective(chosen, groups, seed=0)

    def run(self) -> float:
        """Take the steps of a turn, and return their CPU time in seconds."""
        start = time.process_time()
        for _ in range(STEPS):
            index = batch_at(self.usable, 32, self.step, (0, 0))
            loss, _ = step_loss(self.encoder, self.objective, self.step, index)
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            self.optimizer.step()
            self.step += 1
        return time.process_time() - start


if __name__ == "__main__":
    main()
