"""BLIP-2 with and without the fair term, where one group's images show less, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.blip2_effect

Data, columns and the rule that chooses a lambda: `planted_gap.py`. The similarity of an image to
its note is the largest cosine over BLIP-2's queries. `none` is what FairCLIP's authors released;
1e-7 is the weight that they published for CLIP; the larger ones were fixed beforehand, the same
as for FairCLIP's `paper`. The last epoch is kept, so that validation chooses lambda alone.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.planted_gap import GAP, Scored, chosen, columns, compare
from fairness.arrays import FloatArray
from fairness.datasets.fairvlmed import FairVLMed
from training import checkpoint, settings
from training.blip2.config import Config
from training.blip2.train import train
from training.checkpoint_record import Blip2Record
from training.losses.blip2 import query_similarity
from training.models.blip2 import Blip2, restore

EPOCHS = 8
PUBLISHED, LARGER = 1e-7, (1.0, 10.0)
SDS = {"AUC": 0.011, "gap / spread": 0.070}
ROWS = ("none", "paper, published", "paper, chosen")
BATCH = 50
"""Images scored at a time."""


def main() -> None:
    """Train and score everything, then print the tables."""
    compare(ROWS, EPOCHS, SDS, trained)


def trained(root: Path, seed: int) -> list[FloatArray]:
    """Test numbers of every row of the tables."""
    preset = settings.read(Config, settings.CONFIGS / "blip2.yaml", "tiny", "tiny")
    base = replace(preset, data=root / "data", seed=seed, epochs=EPOCHS, select_on="last")
    plain = scored(replace(base, fair_mode="none"), root / "none")
    runs = {
        weight: scored(replace(base, fair_mode="paper", fair_lambda=weight), root / f"{weight}")
        for weight in (PUBLISHED, *LARGER)
    }
    best = chosen(plain, runs)
    print(f"seed {seed}: lambda {best:g} chosen", flush=True)
    return [plain.test, runs[PUBLISHED].test, runs[best].test]


def scored(config: Config, folder: Path) -> Scored:
    """Train, and score the last epoch on validation and test."""
    start = time.process_time()
    stored = checkpoint.load(train(config, folder))
    assert isinstance(stored.record, Blip2Record)
    model, threshold = restore(stored), stored.record.threshold.value
    found = []
    for name in ("val", "test"):
        split = FairVLMed(config.data, name, text_source="note")
        score, similarity = scores_of(model, split, stored.record.prompts)
        found.append(columns(split, score, threshold, similarity))
    seconds = time.process_time() - start
    numbers = " ".join(f"{value:.3f}" for value in found[1])
    print(
        f"seed {config.seed}: {config.fair_mode} lambda {config.fair_lambda:g}: {numbers} "
        f"on validation AUC {found[0][0]:.3f}, gap {found[0][GAP]:+.3f}; {seconds:.0f} CPU s",
        flush=True,
    )
    return Scored(*found)


def scores_of(
    model: Blip2, split: FairVLMed, prompts: tuple[str, str]
) -> tuple[FloatArray, FloatArray]:
    """Zero-shot probabilities (n,), and similarities (n,) of images to their own notes."""
    scores, similarities = [], []
    with torch.no_grad():
        asked = model.encode_text(model.pieces(prompts))
        for start in range(0, len(split), BATCH):
            samples = [split.read(i) for i in range(start, min(start + BATCH, len(split)))]
            images = torch.from_numpy(np.stack([sample.image for sample in samples]))
            queries = model.encode_image(images)
            notes = model.encode_text(model.pieces([sample.text or "" for sample in samples]))
            scores.append(model.score(query_similarity(queries, asked))[:, 0])
            similarities.append(query_similarity(queries, notes).diagonal())
    return torch.cat(scores).double().numpy(), torch.cat(similarities).double().numpy()


if __name__ == "__main__":
    main()
