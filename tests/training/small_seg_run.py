"""A small synthetic FairSeg, and the tiny networks' settings on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from training import settings
from training.checkpoint_record import Network
from training.fairseg.config import Config

SIZE = (96, 112)
SEED = 8


def write_small_data(folder: Path, *, train: int = 16, val: int = 6, test: int = 0) -> Path:
    """Images of 96 x 112 pixels; with 16 to train, there are 1 Asian, 2 Black and 13 White."""
    recipe = SegRecipe(train=train, val=val, test=test, seed=SEED, size=SIZE)
    write_fairseg(folder / "fairseg", recipe)
    return folder / "fairseg"


def small_config(data: Path, model: Network = "transunet") -> Config:
    """The tiny network, two steps an epoch, crops of 80 pixels."""
    file = settings.CONFIGS / "fairseg.yaml"
    defaults = settings.read(Config, file, "tiny", "tiny", model)
    return replace(defaults, data=data, batch_size=8, epochs=2, warmup=0, crop=80, lr=1e-3)


def rewrite(file: Path, **changes: object) -> None:
    """Change arrays of an npz; None removes one."""
    with np.load(file) as stored:
        arrays = {**stored, **changes}
    kept = {name: np.asarray(value) for name, value in arrays.items() if value is not None}
    np.savez(file, **kept)
