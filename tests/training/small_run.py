"""A small synthetic data set, and the demo's settings on it."""

from dataclasses import replace
from pathlib import Path

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import settings
from training.fairclip.config import Config


def write_small_data(folder: Path) -> Path:
    """24 images to train, of 22 White and 2 Black patients, and 12 to validate, of both classes."""
    write_fairvlmed(folder / "fairvlmed", Recipe(train=24, val=12, test=0, seed=5))
    return folder / "fairvlmed"


def small_config(data: Path) -> Config:
    """The tiny model, three steps an epoch."""
    defaults = settings.read(Config, settings.CONFIGS / "fairclip.yaml", "tiny", "tiny")
    return replace(defaults, data=data, batch_size=8, group_batch_size=4, epochs=1)
