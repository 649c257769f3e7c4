"""FairLoRA against its baselines on several sites: test AUC, fairness and bytes, over seeds.

    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairlora_effect
    OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE python -m benchmarks.fairlora_effect nih FOLDER

The data are two synthetic hospitals in which the sign that tells the label is another one for the
patients from 60 on; the seed varies data and training. With `nih` or `grape` and a folder, real
data in the layout of FairFedMed take their place, and the seed varies the training alone. Learning
rates were compared on validation data of seed 0, which no table shows, or are those of the nearest
method; rounds and thresholds are chosen on validation, the test split is opened once. Every patient
is scored by the model of their site: that is one for all, but for `local` and FedOTP. Differences
to FairLoRA are paired by seed; their 95 % intervals are Student's over the seeds, not corrected for
their number.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.numpy

from benchmarks.seed_plan import SeedPlan, announce
from benchmarks.seed_table import interval, spread
from fairness.arrays import Array, FloatArray
from fairness.attributes import UNKNOWN
from fairness.evaluate import evaluate
from fairness.metrics import disparity
from fairness.metrics.classification import auc
from fairness.samples import Batch
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.site_recipe import SiteRecipe
from training import checkpoint, settings
from training.checkpoint_record import FairLoRARecord
from training.fairlora.config import Config, Method
from training.fairlora.site import open_sites, site_names
from training.fairlora.task import predict_by_group
from training.fairlora.train import train
from training.models.fairlora import restore
from training.runlog import LOG

# Name of the row, method, learning rate, running mean over the rounds.
RUNS: tuple[tuple[str, Method, float, float], ...] = (
    ("fairlora", "fairlora", 0.1, 0.999),
    ("fairlora, no running mean", "fairlora", 0.03, 0.0),
    ("fedavg", "fedavg", 0.03, 0.0),
    ("fedprox", "fedprox", 0.03, 0.0),
    ("promptfl", "promptfl", 0.1, 0.0),
    ("fedotp", "fedotp", 0.003, 0.0),
    ("lora", "lora", 0.03, 0.0),
    ("svlora", "svlora", 0.03, 0.0),
    ("local", "local", 0.03, 0.0),
    ("centralised", "centralised", 0.03, 0.0),
)
REAL_RUNS = tuple(run for run in RUNS if run[1] in ("fairlora", "fedavg", "lora"))
WITHHELD = "fairlora, group withheld"
PLAN = SeedPlan(looks=(4,))
SEEDS = {"": range(1, PLAN.looks[-1] + 1), "nih": range(1, 4), "grape": range(1, 4)}
SDS = {"AUC": 0.035, "ES-AUC": 0.064, "DPD": 0.026}
"""Of the differences to FairLoRA on the synthetic sites in an earlier run, the median over the
methods."""
ROUNDS = 40
"""On the synthetic sites; the preset's on the real ones."""
COLUMNS = ("AUC", "within site", "ES-AUC", "worst group", "last group", "EOD", "DPD", "kB sent")
"""The last group is the synthetic data's hard one, 60+, or else Male."""


def main() -> None:
    """Train and score everything, then print the tables."""
    LOG.setLevel(logging.WARNING)
    logging.getLogger("flwr").setLevel(logging.ERROR)
    start = time.process_time()
    name, folder = (*sys.argv[1:3], "", "")[:2]
    runs = REAL_RUNS if name else RUNS
    rows = (runs[0][0], WITHHELD, *(run[0] for run in runs[1:]))
    if not name:
        announce(PLAN, SDS, "of an earlier run, median over the methods")
    with tempfile.TemporaryDirectory() as work:
        found = np.array([one_seed(Path(work), s, name, folder) for s in SEEDS[name]])
    print(
        f"{name or 'synthetic'}, {len(SEEDS[name])} seeds, {time.process_time() - start:.0f} CPU s"
    )
    print("\nTest, mean ± standard deviation over the seeds\n")
    print_rows(found, spread, rows)
    print("\nThe same minus FairLoRA of the same seed: mean [95 % interval]; bold without 0\n")
    print_rows((found - found[:, :1])[:, 1:, :-1], interval, rows[1:])


def one_seed(work: Path, seed: int, name: str, folder: str) -> list[list[float]]:
    """Numbers of every run, FairLoRA with the group withheld behind FairLoRA itself."""
    data = Path(folder) if folder else work / f"data {seed}"
    if not folder:
        write_fairfedmed(data, SiteRecipe(kind="chest", seed=seed))
    preset = settings.read(Config, settings.CONFIGS / "fairlora.yaml", "tiny", "tiny")
    base = replace(preset, data=data, seed=seed, engine="in-process")
    if name == "grape":
        base = replace(base, target="progression_plr2", attribute="gender")
    else:
        base = replace(base, dataset="fairfedmed-chest", attribute="gender" if name else "age")
    if not name:
        base = replace(base, rounds=ROUNDS)
    rows = []
    for row, method, lr, ema_beta in REAL_RUNS if name else RUNS:
        config = replace(base, method=method, lr=lr, ema_beta=ema_beta)
        models = fit(config, work / f"{seed} {row}")
        rows.append(numbers(config, models, withheld=False))
        print(f"seed {seed}, {row}: {np.round(rows[-1], 3).tolist()}", flush=True)
        if row == "fairlora":
            rows.append(numbers(config, models, withheld=True))
    return rows


def fit(config: Config, out: Path) -> dict[str, Path]:
    """Train; the checkpoint that serves each site, by its name."""
    sites = site_names(config)
    if config.method == "local":
        alone = {site: replace(config, sites=(site,)) for site in sites}
        return {site: train(one, out / site, resume=False) for site, one in alone.items()}
    best = train(config, out, resume=False)
    own = {site: out / f"best-{site}" for site in sites}
    return own if config.method == "fedotp" else dict.fromkeys(sites, best)


def numbers(config: Config, models: dict[str, Path], withheld: bool) -> list[float]:
    """The columns of one method, on the test split of all sites."""
    parts = [score(config, site, best, withheld) for site, best in models.items()]
    y, s, positive, codes = (np.concatenate(column) for column in zip(*parts, strict=True))
    n_groups = int(codes.max()) + 1
    overall = float(auc(y, s))
    groups = disparity.by_group(auc, codes, n_groups, y, s)
    sent = next(iter(models.values())).parent / "last" / "state.safetensors"
    tensors = safetensors.numpy.load_file(sent)
    return [
        overall,
        float(np.nanmean([float(auc(part[0], part[1])) for part in parts])),
        float(disparity.equity_scaled(overall, groups)),
        float(np.nanmin(groups)),
        float(groups[n_groups - 1]),
        float(disparity.equalized_odds_difference(y, positive, codes)),
        float(disparity.demographic_parity_difference(y, positive, codes)),
        0.0 if config.pooled else sum(t.nbytes for t in tensors.values()) / 1000,
    ]


def score(
    config: Config, site: str, best: Path, withheld: bool
) -> tuple[Array, Array, Array, Array]:
    """Labels, scores, decisions and group codes of a site's test patients of known group."""
    stored = checkpoint.load(best)
    if not isinstance(stored.record, FairLoRARecord):
        raise TypeError(f"{best} holds no federated model")
    predict = predict_by_group(restore(stored), config.attribute)
    split = open_sites(config, "test", (site,))
    asked = without(config.attribute) if withheld else lambda batches: batches
    outcomes = evaluate(split, lambda batches: predict(asked(batches)), ())
    known = np.flatnonzero(split.codes[config.attribute] != UNKNOWN)
    scores = outcomes.score[known]
    decided = (scores >= stored.record.threshold.value).astype(np.int64)
    return outcomes.target[known], scores, decided, split.codes[config.attribute][known]


def without(attribute: str) -> Callable[[Iterable[Batch]], Iterator[Batch]]:
    """Batches in which nobody's group is known."""

    def hide(batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            nobody = np.full(len(batch), UNKNOWN, dtype=np.int64)
            yield replace(batch, attributes={**batch.attributes, attribute: nobody})

    return hide


def print_rows(
    values: FloatArray, cell: Callable[[FloatArray], str], rows: tuple[str, ...]
) -> None:
    """A table of values (seeds, rows, columns), each cell made from its seeds."""
    columns = COLUMNS[: values.shape[2]]
    print(f"| method | {' | '.join(columns)} |")
    print("|---|" + "--:|" * len(columns))
    for r, row in enumerate(rows):
        cells = [cell(values[:, r, c]) for c in range(len(columns))]
        print(f"| {row} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
