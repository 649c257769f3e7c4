"""What FairSeg's fair modes do to the group that the data make harder: test Dice, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairseg_effect

The data are synthetic and small; the cups of one group (race Black) show less contrast. The seed
varies data and training. As the authors do, a base is trained without groups and fine-tuned in each
mode; the base (`none`) goes on for as many epochs, too, so that a difference is one of modes and
not of more training. Epochs are chosen on validation, the test split is only scored. Differences to
`none` are paired by seed, their 95 % intervals are Student's over the seeds and not corrected for
their number.
"""

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from benchmarks.seed_plan import SeedPlan, announce
from benchmarks.seed_table import interval, spread
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import RACE
from fairness.datasets.fairseg import FairSeg
from fairness.evaluate import ask
from fairness.metrics.disparity import equity_scaled
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.tasks.masks import MaskTask
from training import checkpoint, settings
from training.checkpoint_record import Network
from training.fairseg.config import Config, FairMode
from training.fairseg.train import train
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import restore
from training.predictor import torch_masks
from training.runlog import LOG

PLAN = SeedPlan(looks=(5,))
SEEDS = range(PLAN.looks[-1])
SDS = {"rim Dice of Black": 0.004, "cup Dice of Black": 0.018}
"""Of the differences to `none` in an earlier run, the median over the modes."""
NETWORK: Network = "transunet-r50"
RECIPE = SegRecipe(size=(166, 200), train=300, val=100, test=400)
CROP = 128
EPOCHS = 12
FINE_EPOCHS, FINE_LR = 3, 1e-3
MODES: tuple[FairMode, ...] = get_args(FairMode)
HARD = RACE.groups.index("Black")
COLUMNS = ("all", "ES", "worst group", RACE.groups[HARD], "others")
STRUCTURES = ("rim", "cup")


def main() -> None:
    """Train and score everything, then print the tables."""
    LOG.setLevel(logging.WARNING)
    announce(PLAN, SDS, "of an earlier run, median over the modes")
    start = time.process_time()
    found = np.stack([one_seed(seed) for seed in SEEDS])  # (seeds, modes, structures, columns)
    sizes = f"{RECIPE.train} + {RECIPE.val} + {RECIPE.test} images"
    print(f"{NETWORK} tiny, {sizes}, {len(SEEDS)} seeds, {time.process_time() - start:.0f} CPU s")
    print("\nTest Dice: mean ± standard deviation over the seeds\n")
    print_rows(found, spread, ("base", *MODES))
    print("\nMinus `none` of the same seed: mean [95 % interval], bold where it excludes 0\n")
    print_rows(found[:, 2:] - found[:, 1:2], interval, MODES[1:])


def one_seed(seed: int) -> FloatArray:
    """Scores of the base and of every mode after it, (1 + modes, structures, columns)."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        data, base = root / "data", root / "base"
        write_fairseg(data, replace(RECIPE, seed=seed))
        preset = settings.read(Config, settings.CONFIGS / "fairseg.yaml", "tiny", "tiny", NETWORK)
        config = replace(preset, data=data, crop=CROP, seed=seed, fair_mode="none", epochs=EPOCHS)
        runs = [train(config, base)]
        fine = replace(config, start=base, epochs=FINE_EPOCHS, lr=FINE_LR, seed=seed + 1000)
        runs += [train(replace(fine, fair_mode=mode), root / mode) for mode in MODES]
        rows = [dice_on_test(best, data) for best in runs]
    for name, row in zip(("base", *MODES), rows, strict=True):
        print(f"seed {seed}, {name}: {np.round(row, 3).tolist()}", flush=True)
    return np.stack(rows)


def dice_on_test(best: Path, data: Path) -> FloatArray:
    """Dice of a checkpoint on the test split, (structures, columns)."""
    stored = checkpoint.load(best)
    model = restore(stored, NETWORK)
    split = FairSeg(data, "test")
    predict = torch_masks(model, SegmentationInput(*RECIPE.size, CROP, model.image_size))
    answered = ask(split, predict, MaskTask(distances=False).read, (RACE,), batch_size=8)
    codes = answered.cases.codes["race"]
    return np.array([columns(answered.values[f"{name}_dice"], codes) for name in STRUCTURES])


def columns(dice: FloatArray, codes: IntArray) -> list[float]:
    """The mean of all cases, its equity-scaled form, the worst, the hard and the other groups'."""
    groups = np.array([dice[codes == code].mean() for code in range(len(RACE.groups))])
    overall = float(dice.mean())
    others = float(dice[codes != HARD].mean())
    scaled = float(equity_scaled(overall, groups))
    return [overall, scaled, float(groups.min()), float(groups[HARD]), others]


def print_rows(
    values: FloatArray, cell: Callable[[FloatArray], str], modes: tuple[str, ...]
) -> None:
    """A table of values (seeds, modes, structures, columns), each cell made from its seeds."""
    print(f"| structure | mode | {' | '.join(COLUMNS)} |")
    print("|---|---|" + "--:|" * len(COLUMNS))
    for s, structure in enumerate(STRUCTURES):
        for m, mode in enumerate(modes):
            cells = [cell(values[:, m, s, c]) for c in range(len(COLUMNS))]
            print(f"| {structure} | {mode} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
