"""BLIP-2's tiny settings on the small synthetic data set, and an untrained tiny model."""

from dataclasses import replace
from pathlib import Path

import torch

from training import settings
from training.blip2.config import Config
from training.models.blip2 import Blip2
from training.models.blip2_sizes import tiny_sizes
from training.models.blip2_text import small_vocabulary

NOTES = ("Glaucoma in the right eye, C/D 0.7.", "The left eye is non-glaucoma.", "A picture of it")


def small_blip2_config(data: Path) -> Config:
    """The tiny model, three steps an epoch."""
    defaults = settings.read(Config, settings.CONFIGS / "blip2.yaml", "tiny", "tiny")
    return replace(defaults, data=data, batch_size=8, group_batch_size=4, epochs=2)


def random_blip2(seed: int = 0) -> Blip2:
    """Random weights, evaluating; wide ones, so that different inputs get different answers."""
    torch.manual_seed(seed)
    model = Blip2(tiny_sizes(small_vocabulary(NOTES))).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)
    return model
