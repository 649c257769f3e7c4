"""A FairLoRA client's epoch at full size with random weights: speed and memory.

`training.fairlora` trains in float32; bf16 is autocast around it, to show what it would bring.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu_timing import guarded_row, timed
from fairness.arrays import IntArray
from training import settings
from training.fairlora.architecture import architecture, start_model
from training.fairlora.config import Config
from training.fairlora.site import Site
from training.fairlora.task import train_epoch
from training.models.fairlora import FairLoRA
from training.precision import autocast
from training.scale_settings import Precision

GROUPS = ("Asian", "Black", "White")
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
STEPS = 4
"""Of an epoch."""
HEAD = ["backbone", "precision", "batch", "images/s", "ms a step", "GiB"]


@dataclass(frozen=True)
class DrawnSite:
    """What training asks of a site, with random images of a shape."""

    images: Tensor
    name: str = "drawn"
    groups: tuple[str, ...] = GROUPS

    @property
    def members(self) -> IntArray:
        """Numbers of the samples."""
        return np.arange(len(self.images))

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor, Tensor]:
        """Images, labels and group codes of samples."""
        rows = torch.from_numpy(index)
        return self.images[rows], rows % 2, rows % len(GROUPS)


def config_of(preset: str) -> Config:
    """The published settings of a backbone, from random weights."""
    file = settings.CONFIGS / "fairlora.yaml"
    return replace(settings.read(Config, file, preset, preset), weights=None)


def drawn(config: Config, shape: tuple[int, int], samples: int) -> tuple[FairLoRA, DrawnSite]:
    """A model, and a site with images of its input's shape."""
    threads = torch.get_num_threads()
    model = start_model(config, architecture(config, "glaucoma", GROUPS, shape))
    torch.set_num_threads(threads)
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(256, (samples, *shape), generator=draw, dtype=torch.uint8)
    return model, DrawnSite(images)


def speed_rows(preset: str, shape: tuple[int, int]) -> Iterator[list[str]]:
    """A row for each precision of a backbone."""
    config = config_of(preset)
    model, site = drawn(config, shape, STEPS * config.batch_size)
    for precision in PRECISIONS:

        def work(precision: Precision = precision) -> list[str]:
            def epoch() -> None:
                with autocast(model.logit_scale.device, precision):
                    train_epoch(model, cast(Site, site), config, 0, 0)

            took = timed(epoch, len(site.images))
            return replace(took, milliseconds=took.milliseconds / STEPS).cells()

        yield guarded_row([preset, precision, str(config.batch_size)], len(HEAD), work)
