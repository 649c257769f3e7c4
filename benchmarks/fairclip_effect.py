"""What FairCLIP's fair terms do to a group whose images agree less with their notes, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairclip_effect

Data, columns and the rule that chooses a lambda: `planted_gap.py`. Each loss runs with the
published lambda and with larger ones.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.planted_gap import GAP, Scored, chosen, columns, compare
from fairness.arrays import FloatArray
from fairness.attributes import RACE
from fairness.datasets.fairvlmed import FairVLMed
from training import checkpoint, settings
from training.checkpoint_record import FairCLIPRecord
from training.fairclip.config import Config
from training.fairclip.encoder import Encoder
from training.fairclip.pairs import Pairs
from training.fairclip.train import train
from training.models.clip import restore
from training.models.prompts import tokenize, zero_shot_score

EPOCHS = 6
VARIANTS: Mapping[str, tuple[dict[str, Any], tuple[float, ...], tuple[float, ...]]] = {
    "paper": ({"fair_mode": "paper"}, (1e-7,), (1.0, 10.0)),
    "paper, group gradient": ({"fair_mode": "paper", "group_grad": "on"}, (), (1.0, 10.0)),
    "released": ({"fair_mode": "released"}, (1e-6,), (1e-5, 1e-4)),
    "normalized": ({"fair_mode": "normalized"}, (1e-6,), (10.0, 1e3)),
}
"""Settings, the lambda that is published for them, and larger ones."""
SDS = {"AUC": 0.011, "gap / spread": 0.148}
EVERY = 6
ROWS = (
    "CLIP",
    *(f"{name}, published" for name, (_, published, _) in VARIANTS.items() if published),
    *(f"{name}, chosen" for name in VARIANTS),
    f"paper every {EVERY}th step, chosen",
)  # fmt: skip


def main() -> None:
    """Train and score everything, then print the tables."""
    compare(ROWS, EPOCHS, SDS, trained)


def trained(root: Path, seed: int) -> list[FloatArray]:
    """Test numbers of every row of the tables."""
    preset = settings.read(Config, settings.CONFIGS / "fairclip.yaml", "tiny", "tiny")
    base = replace(preset, data=root / "data", seed=seed, epochs=EPOCHS, attribute=RACE.name)
    clip = scored(replace(base, fair_mode="none"), root / "clip")
    rows, picked = [clip.test], {}
    for name, (changes, published, larger) in VARIANTS.items():
        runs = {}
        for weight in (*published, *larger):
            config = replace(base, **changes, fair_lambda=weight)
            runs[weight] = scored(config, root / f"{name}-{weight}")
        picked[name] = chosen(clip, runs), runs
        rows += [runs[weight].test for weight in published]
        print(f"seed {seed}: {name}: lambda {picked[name][0]:g} chosen", flush=True)
    rows += [runs[best].test for best, runs in picked.values()]
    every = replace(base, fair_lambda=picked["paper"][0], fair_every=EVERY)
    return [*rows, scored(every, root / "every").test]


def scored(config: Config, folder: Path) -> Scored:
    """Train, and score the epoch that validation chose."""
    start = time.process_time()
    stored = checkpoint.load(train(config, folder))
    assert isinstance(stored.record, FairCLIPRecord)
    model, threshold = restore(stored), stored.record.threshold.value
    with torch.no_grad():
        prompts = model.encode_text(tokenize(stored.record.prompts))
        found = []
        for name in ("val", "test"):
            split = FairVLMed(config.data, name, text_source="note")
            everything = np.arange(len(split))
            encoder = Encoder(model, Pairs(split, model.image_size, keep_mb=0))
            images, texts = encoder(everything)
            score = zero_shot_score(images, prompts)[:, 0].numpy()
            similarity = (images * texts).sum(dim=1).double().numpy()
            found.append(columns(split, score, threshold, similarity))
    seconds = time.process_time() - start
    numbers = " ".join(f"{value:.3f}" for value in found[1])
    print(
        f"seed {config.seed}: {config.fair_mode} lambda {config.fair_lambda:g} every "
        f"{config.fair_every} group gradient {config.group_grad}: {numbers} "
        f"on validation AUC {found[0][0]:.3f}, gap {found[0][GAP]:+.3f}; {seconds:.0f} CPU s",
        flush=True,
    )
    return Scored(*found)


if __name__ == "__main__":
    main()
