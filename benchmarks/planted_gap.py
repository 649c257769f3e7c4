"""What the benchmarks of FairCLIP and BLIP-2 share: the planted gap, the choice of lambda, tables.

The data are synthetic and small. The cups of one group (race Black) show less contrast, so its
images agree less with their notes. The seed varies data and training. One lambda is chosen on
validation: the smallest gap of similarities among the runs whose AUC there is at most 0.02 below
that of the model without the term; where there is none, the smallest lambda. The test split is only
scored.
The number of seeds is fixed, and what they could detect is printed before they run.
Differences to the model without the term are paired by seed, their 95 % intervals are Student's
over the seeds and not corrected for their number.
"""

import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.seed_plan import SeedPlan, announce
from benchmarks.seed_table import interval, spread
from fairness.arrays import FloatArray
from fairness.attributes import RACE
from fairness.datasets.fairvlmed import FairVLMed
from fairness.metrics import disparity as d
from fairness.metrics.classification import auc
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training.losses.sinkhorn import sinkhorn_divergence
from training.runlog import LOG

PLAN = SeedPlan(looks=(5,))
SEEDS = range(PLAN.looks[-1])
HARD = RACE.groups.index("Black")
RECIPE = Recipe(train=480, val=150, test=400, hard_group="race=Black", strength=0.8)
SHRINK = 4
"""Images are averaged over squares of this side: the models see 96 pixels only."""
LOSS_ALLOWED = 0.02
COLUMNS = (
    "AUC", "ES-AUC", *(f"AUC {group}" for group in RACE.groups), "DPD", "EOD",
    *(f"1000 S {group}" for group in RACE.groups), "gap / spread", "spread",
)  # fmt: skip
GAP = COLUMNS.index("gap / spread")


@dataclass(frozen=True)
class Scored:
    """A trained model on validation and test, by column."""

    val: FloatArray
    test: FloatArray


Trained = Callable[[Path, int], Sequence[FloatArray]]
"""Test numbers of every row of the tables, from a folder that holds `data`, and a seed."""


def compare(rows: Sequence[str], epochs: int, sds: Mapping[str, float], trained: Trained) -> None:
    """Train and score everything, then print the tables; the first row is what others are held to.

    Args:
        rows: names of the rows.
        epochs: of every training, for the heading.
        sds: of the differences of `paper, chosen` in an earlier run, by column, for the plan.
        trained: a function of a module, so that another process finds it.
    """
    announce(PLAN, sds, "of an earlier run, lambda chosen")
    start = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        found = np.stack(list(pool.map(one_seed, [trained] * len(SEEDS), SEEDS)))
    sizes = f"{RECIPE.train} + {RECIPE.val} + {RECIPE.test} images"
    print(f"tiny, {sizes}, {epochs} epochs, {len(SEEDS)} seeds, {time.monotonic() - start:.0f} s")
    print("\nTest split: mean ± standard deviation over the seeds\n")
    print_rows(found, spread, rows)
    print(f"\nMinus {rows[0]} of the same seed: mean [95 % interval], bold where it excludes 0\n")
    size = np.abs(found[:, :, GAP])
    found[:, :, GAP] = size
    print_rows(found[:, 1:] - found[:, :1], interval, rows[1:])
    print(f"\nSeeds in which the gap is smaller than that of {rows[0]}, in units of the spread\n")
    for row, name in enumerate(rows[1:], start=1):
        print(f"{name}: {(size[:, row] < size[:, 0]).sum()} of {len(SEEDS)}")


def one_seed(trained: Trained, seed: int) -> FloatArray:
    """Test numbers of every row of the tables, (rows, columns)."""
    LOG.setLevel(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_fairvlmed(root / "data", replace(RECIPE, seed=seed))
        shrink(root / "data")
        return np.stack(trained(root, seed))


def shrink(data: Path) -> None:
    """Average the images over squares, which spares most of the time of reading them."""
    for file in data.glob("*/*.npz"):
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        image = found["slo_fundus"]
        height, width = (side // SHRINK for side in image.shape)
        blocks = image[: height * SHRINK, : width * SHRINK].reshape(height, SHRINK, width, SHRINK)
        found["slo_fundus"] = blocks.mean((1, 3)).round().astype(np.uint8)
        np.savez(file, **found)


def chosen(plain: Scored, runs: Mapping[float, Scored]) -> float:
    """The lambda whose run has the smallest gap on validation, AUC permitting; else the least."""
    kept = [w for w, run in runs.items() if run.val[0] >= plain.val[0] - LOSS_ALLOWED]
    return min(kept or list(runs)[:1], key=lambda weight: abs(runs[weight].val[GAP]))


def columns(
    split: FairVLMed, score: FloatArray, threshold: float, similarity: FloatArray
) -> FloatArray:
    """The numbers of `COLUMNS`; the gap is the hard group's mean similarity minus the others'."""
    codes, y = split.codes[RACE.name], split.labels
    predicted = (score >= threshold).astype(np.int64)
    aucs = np.atleast_1d(d.by_group(auc, codes, len(RACE.groups), y, score))
    distances = [
        1000 * sinkhorn_divergence(
            torch.from_numpy(similarity), torch.from_numpy(similarity[codes == code]), scaling=0.9
        ).item()
        for code in range(len(RACE.groups))
    ]  # fmt: skip
    hard, others = similarity[codes == HARD], similarity[codes != HARD]
    within = float(np.sqrt((hard.var() + others.var()) / 2))
    overall = float(auc(y, score))
    return np.array([
        overall, d.equity_scaled(overall, aucs), *aucs,
        d.demographic_parity_difference(y, predicted, codes),
        d.equalized_odds_difference(y, predicted, codes), *distances,
        (hard.mean() - others.mean()) / within, within,
    ])  # fmt: skip


def print_rows(values: FloatArray, cell: Callable[[FloatArray], str], names: Sequence[str]) -> None:
    """A table of values (seeds, rows, columns), each cell made from its seeds."""
    print(f"| loss | {' | '.join(COLUMNS)} |")
    print("|---|" + "--:|" * len(COLUMNS))
    for row, name in enumerate(names):
        cells = [cell(values[:, row, column]) for column in range(len(COLUMNS))]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
