"""BLIP-2 with and without the fair term, where one group's images show less, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.blip2_effect

The data are synthetic: race Black has less contrast of the cup, so that its images agree less with
their notes. The seed varies data and training. The similarity of an image to its note is the
largest cosine over BLIP-2's queries. `none` is what FairCLIP's authors released; 1e-7 is the weight
that they published for CLIP. The last epoch is kept, so that no choice lies between the losses.
Differences to `none` are paired by seed; their 95 % intervals are Student's over the seeds and not
corrected for their number.
"""

import logging
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.seed_table import interval, spread
from fairness.arrays import FloatArray
from fairness.attributes import RACE
from fairness.datasets.fairvlmed import FairVLMed
from fairness.metrics import disparity as d
from fairness.metrics.classification import auc
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import checkpoint, settings
from training.blip2.config import Config
from training.blip2.train import train
from training.checkpoint_record import Blip2Record
from training.losses.blip2 import query_similarity
from training.losses.fair_settings import FairMode
from training.losses.sinkhorn import sinkhorn_divergence
from training.models.blip2 import restore
from training.runlog import LOG

SEEDS = range(5)
RECIPE = Recipe(train=480, val=150, test=400, hard_group="race=Black", strength=0.8)
EPOCHS = 8
HARD = RACE.groups.index("Black")
ROWS = {"none": 0.0, "paper, lambda 1e-7": 1e-7, "paper, lambda 10": 10.0}
"""Losses, and the weight of their fair term."""
COLUMNS = (
    "AUC", "ES-AUC", *(f"AUC {group}" for group in RACE.groups), "DPD", "EOD",
    *(f"1000 S {group}" for group in RACE.groups), "gap / spread",
)  # fmt: skip


def main() -> None:
    """Train and score everything, then print the tables."""
    start = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        found = np.stack(list(pool.map(one_seed, SEEDS)))  # (seeds, rows, columns)
    sizes = f"{RECIPE.train} + {RECIPE.val} + {RECIPE.test} images"
    print(f"tiny, {sizes}, {EPOCHS} epochs, {len(SEEDS)} seeds, {time.monotonic() - start:.0f} s")
    print("\nTest split: mean ± standard deviation over the seeds\n")
    print_rows(found, spread, list(ROWS))
    print("\nMinus `none` of the same seed: mean [95 % interval], bold where it excludes 0\n")
    found[:, :, -1] = np.abs(found[:, :, -1])
    print_rows(found[:, 1:] - found[:, :1], interval, list(ROWS)[1:])
    for row, name in enumerate(list(ROWS)[1:], start=1):
        smaller = (found[:, row, -1] < found[:, 0, -1]).sum()
        print(f"\n{name}: the gap of similarities is smaller in {smaller} of {len(SEEDS)} seeds")


def one_seed(seed: int) -> FloatArray:
    """Test numbers of every loss, (rows, columns)."""
    LOG.setLevel(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_fairvlmed(root / "data", replace(RECIPE, seed=seed))
        preset = settings.read(Config, settings.CONFIGS / "blip2.yaml", "tiny", "tiny")
        base = replace(
            preset, data=root / "data", seed=seed, epochs=EPOCHS, cache_mb=2048, select_on="last"
        )
        rows = []
        for number, weight in enumerate(ROWS.values()):
            mode: FairMode = "paper" if weight else "none"
            config = replace(base, fair_mode=mode, fair_lambda=weight)
            rows.append(scored(config, root / str(number)))
    return np.stack(rows)


def scored(config: Config, folder: Path) -> FloatArray:
    """Train, and score the test split: the numbers of `COLUMNS`."""
    stored = checkpoint.load(train(config, folder))
    assert isinstance(stored.record, Blip2Record)
    model, scores, similarities = restore(stored), [], []
    split = FairVLMed(config.data, "test", text_source="note")
    with torch.no_grad():
        prompts = model.encode_text(model.pieces(stored.record.prompts))
        for i in range(len(split)):
            sample = split.read(i)
            queries = model.encode_image(torch.from_numpy(sample.image)[None])
            note = model.encode_text(model.pieces([sample.text or ""]))
            scores.append(model.score(query_similarity(queries, prompts)).item())
            similarities.append(query_similarity(queries, note).item())
    threshold = stored.record.threshold.value
    found = columns(split, np.array(scores), threshold, np.array(similarities))
    numbers = " ".join(f"{value:.3f}" for value in found)
    print(f"seed {config.seed}, lambda {config.fair_lambda:g}: {numbers}", flush=True)
    return found


def columns(
    split: FairVLMed, score: FloatArray, threshold: float, similarity: FloatArray
) -> FloatArray:
    """The numbers of `COLUMNS`, of a split on which every race is known."""
    codes, y = split.codes[RACE.name], split.labels
    predicted = (score >= threshold).astype(np.int64)
    aucs = np.atleast_1d(d.by_group(auc, codes, len(RACE.groups), y, score))
    groups = [similarity[codes == code] for code in range(len(RACE.groups))]
    everyone = torch.from_numpy(similarity)
    distances = [
        1000 * sinkhorn_divergence(everyone, torch.from_numpy(group), scaling=0.9).item()
        for group in groups
    ]
    white = groups[RACE.groups.index("White")]
    within = float(np.sqrt((groups[HARD].var() + white.var()) / 2))
    overall = float(auc(y, score))
    return np.array([
        overall, d.equity_scaled(overall, aucs), *aucs,
        d.demographic_parity_difference(y, predicted, codes),
        d.equalized_odds_difference(y, predicted, codes), *distances,
        (groups[HARD].mean() - white.mean()) / within,
    ])  # fmt: skip


def print_rows(values: FloatArray, cell: Callable[[FloatArray], str], names: list[str]) -> None:
    """A table of values (seeds, rows, columns), each cell made from its seeds."""
    print(f"| loss | {' | '.join(COLUMNS)} |")
    print("|---|" + "--:|" * len(COLUMNS))
    for row, name in enumerate(names):
        cells = [cell(values[:, row, column]) for column in range(len(COLUMNS))]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
