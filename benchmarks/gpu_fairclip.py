"""FairCLIP's step at full size with random weights: speed, memory, the cost of the fair term."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu_timing import Timed, guarded_row, timed
from fairness.arrays import IntArray
from training import settings
from training.fairclip.config import Config
from training.fairclip.encoder import Encoder
from training.fairclip.fair_loss import FairObjective, Group
from training.fairclip.objective import step_loss
from training.fairclip.pairs import Pairs
from training.fairclip.train import build
from training.models.clip import Clip
from training.precision import gradient_scaler
from training.processes import Processes, follow
from training.scale_settings import Precision

SAMPLES = 288
GROUPS = ("Asian", "Black", "White")
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16")
HEAD = ["model", "fair term", "precision", "batch", "at once", "images/s", "ms a step", "GiB"]
WORDS, START, END = 40, 49406, 49407


class DrawnPairs(Pairs):
    """Random crops and tokens in place of a data set's."""

    def __init__(self, size: int) -> None:
        draw = torch.Generator().manual_seed(0)
        shape = (SAMPLES, size, size)
        self._crops = torch.randint(256, shape, generator=draw, dtype=torch.uint8)
        self._texts = torch.zeros(SAMPLES, 77, dtype=torch.int64)
        words = torch.randint(1000, 40000, (SAMPLES, WORDS), generator=draw)
        self._texts[:, 0], self._texts[:, 1 : WORDS + 1] = START, words
        self._texts[:, WORDS + 1] = END

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor]:
        """Crops (B, S, S) uint8 and tokens (B, 77); numbers beyond the last begin anew."""
        rows = torch.from_numpy(index % SAMPLES)
        return self._crops[rows], self._texts[rows]


def config_of(preset: str) -> Config:
    """The published settings of a preset, from random weights."""
    file = settings.CONFIGS / "fairclip.yaml"
    return replace(settings.read(Config, file, preset, preset), weights=None)


def objective_of(config: Config, device: torch.device) -> FairObjective:
    """The loss with three groups of a third of the samples each."""
    groups = tuple(
        Group(f"race/{name}", np.arange(first, SAMPLES, len(GROUPS)), 1.0)
        for first, name in enumerate(GROUPS)
    )
    return FairObjective(config, groups, config.seed).to(device)


def stepper(config: Config, model: Clip, optimizer: torch.optim.Optimizer) -> Callable[[], object]:
    """A training step as `training.fairclip` takes it."""
    encoder = Encoder(model, DrawnPairs(model.image_size), config.precision, config.micro_batch)
    objective, numbers = objective_of(config, model.device), count()
    scaler, index = gradient_scaler(model.device, config.precision), np.arange(config.batch_size)

    def step() -> None:
        loss, _ = step_loss(encoder, objective, next(numbers), index)
        follow(loss, optimizer, scaler, Processes())

    return step


def speed_rows(preset: str, found: dict[tuple[str, str], Timed]) -> Iterator[list[str]]:
    """A row for each precision, with the fair term and without; `found` gets the times."""
    config = config_of(preset)
    model, optimizer = build(config)
    for precision in PRECISIONS:
        for mode in ("paper", "none"):
            chosen = settings.validate(
                Config, vars(config) | {"precision": precision, "fair_mode": mode}, "benchmark"
            )
            names = [preset, mode, precision, str(chosen.batch_size), "all"]

            def work(chosen: Config = chosen) -> list[str]:
                took = timed(stepper(chosen, model, optimizer), chosen.batch_size)
                found[chosen.precision, chosen.fair_mode] = took
                return took.cells()

            yield guarded_row(names, len(HEAD), work)


def batch_rows(preset: str, sizes: list[tuple[int, int | None]]) -> Iterator[list[str]]:
    """Rows of large batches without fair term in bf16: (batch, pairs at once), None: all."""
    config = replace(config_of(preset), fair_mode="none", precision="bf16")
    model, optimizer = build(config)
    for batch, part in sizes:
        chosen = replace(config, batch_size=batch, micro_batch=part)
        names = [preset, "none", "bf16", str(batch), str(part or "all")]

        def work(chosen: Config = chosen) -> list[str]:
            return timed(stepper(chosen, model, optimizer), chosen.batch_size).cells()

        yield guarded_row(names, len(HEAD), work)


def cost_lines(preset: str, found: dict[tuple[str, str], Timed]) -> list[str]:
    """What the fair term costs: its step over the step of CLIP, by precision."""
    return [
        f"- {preset}, {precision}: {found[precision, 'paper'].milliseconds / plain:.2f}"
        for precision in PRECISIONS
        if (precision, "paper") in found and (precision, "none") in found
        for plain in [found[precision, "none"].milliseconds]
    ]
