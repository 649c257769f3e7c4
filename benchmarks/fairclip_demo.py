"""The demo learns: test AUC of the tiny FairCLIP on the default synthetic data, over five seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairclip_demo

Each row is one run of `python -m training.fairclip` with its default settings; the seed varies the
data and the training. The claim: AUC >= 0.80 in at least four of five rows, and the group that the
data make harder (race Black) visibly worse.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from fairness.attributes import RACE
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.notes import LABEL_TEXTS
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from fairness.metrics.disparity import by_group
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import checkpoint, settings
from training.fairclip.config import Config
from training.fairclip.train import train
from training.models.clip import restore
from training.models.prompts import tokenize
from training.predictor import torch_predict

SEEDS = range(5)


def main() -> None:
    """Print the table, row by row."""
    print(f"| seed | test AUC | {' | '.join(RACE.groups)} | epoch kept | seconds to train |")
    print("|--:|" + "--:|" * (3 + len(RACE.groups)))
    reached = 0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            overall, groups, epoch, seconds = measure(Path(folder), seed)
        cells = [f"{overall:.3f}", *(f"{value:.3f}" for value in groups)]
        print(f"| {seed} | {' | '.join(cells)} | {epoch} | {seconds:.0f} |", flush=True)
        reached += overall >= 0.8
    print(f"\nAUC >= 0.80 in {reached} of {len(SEEDS)}")


def measure(folder: Path, seed: int) -> tuple[float, list[float], int, float]:
    """Test AUC, AUC of each race, the epoch that validation chose, and the time of training."""
    write_fairvlmed(folder / "data", Recipe(seed=seed))
    defaults = settings.read(Config, settings.CONFIGS / "fairclip.yaml", "tiny", "tiny")
    start = time.monotonic()
    best = train(replace(defaults, data=folder / "data", seed=seed), folder / "run")
    seconds = time.monotonic() - start
    stored = checkpoint.load(best)
    model, record = restore(stored), stored.record
    with torch.no_grad():
        prompts = model.encode_text(tokenize(LABEL_TEXTS))
    test = FairVLMed(folder / "data", "test")
    outcomes = evaluate(test, torch_predict(model, prompts), (RACE,))
    overall = float(auc(outcomes.target, outcomes.score))
    groups = by_group(auc, outcomes.codes["race"], 3, outcomes.target, outcomes.score)
    epoch = record.selected_on.epoch if record.selected_on else 0
    return overall, list(np.atleast_1d(groups)), epoch, seconds


if __name__ == "__main__":
    main()
