"""Trains FairCLIP (Luo et al., CVPR 2024): CLIP's contrastive loss plus a fair term over groups.

    python -m training.fairclip

docs/methods.md says what follows the paper, what the authors' code, and where this differs.
"""

import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch.optim import Adam, Optimizer

from fairness.contract import Threshold
from fairness.datasets.fairvlmed import FairVLMed
from training import settings
from training.command import run_command
from training.fairclip.pairs import (
    DEFAULT_ROOT,
    Pairs,
    batch_at,
    ensure_default,
    group_batches,
    group_members,
    steps_per_pass,
)
from training.models import clip
from training.fairclip.objective import group_similarities, step_loss
from training.checkpoint_record import FairCLIPRecord, SelectedOn
from training.resume import Progress, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.fairclip.validation import keep_best

HELP = """Train FairCLIP on image-note pairs: CLIP's contrastive loss plus a fair term over groups.

Settings come from training/configs/fairclip.yaml, or another file given with --config, and then
from the flags below. Where data/fairvlmed is missing, a synthetic data set is written there.

Examples:
  python -m training.fairclip
  python -m training.fairclip --attribute gender --fair-lambda 1.0 --seed 1
  python -m training.fairclip --preset vit-b16 --weights weights/clip-vit-base-patch16
  python -m training.fairclip --resume
"""

FREE = ("data", "epochs", "cache_mb", "weights")
"""Settings that may change while a run is continued; the data themselves may not."""

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a run; the defaults are the paper's for ViT-B/16."""

    preset: Literal["auto", "tiny", "vit-b16"] = "auto"
    """Architecture; auto: vit-b16 where there is a GPU, else tiny."""
    weights: str | None = None
    """Folder or hub name of pretrained weights; None: random."""
    data: Path = DEFAULT_ROOT
    """Folder of the data set."""
    target: str = "glaucoma"
    """0/1 key to predict."""
    text_source: Literal["note", "label"] = "note"
    """Text of an image: its note, or the prompt of its class."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    fair_mode: Literal["paper"] = "paper"
    """The fair term: as the paper defines it."""
    attribute: str = "race"
    """Attribute whose groups the fair term compares."""
    fair_lambda: Annotated[float, Field(ge=0)] = 1e-7
    """Weight of the fair term."""
    group_batch_size: Count = 32
    """Samples of each group in a step."""
    blur: Positive = 1e-4
    """Blur of the Sinkhorn divergence, on the scale of cosines."""
    scaling: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Factor of its annealing."""
    epochs: Count = 10
    """Passes over the training split."""
    batch_size: Count = 32
    """Pairs in a step."""
    lr: Positive = 1e-5
    """Adam's learning rate; constant."""
    betas: tuple[float, float] = (0.1, 0.1)
    """Adam's decay rates."""
    eps: Positive = 1e-6
    """Adam's epsilon."""
    weight_decay: Annotated[float, Field(ge=0)] = 6e-5
    """Adam's coupled L2 penalty."""
    seed: Annotated[int, Field(ge=0)] = 7916
    """Of random weights and of the order of samples."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for preprocessed images; where the split needs more, they are read at each use."""


def auto_preset() -> clip.Preset:
    """What the preset `auto` means on this machine."""
    return "vit-b16" if torch.cuda.is_available() else "tiny"


def build(config: Config) -> tuple[clip.Clip, Optimizer]:
    """The model, on a GPU if there is one, and its optimiser.

    Raises:
        UsageError: the weights are not there, or belong to another architecture.
    """
    torch.manual_seed(config.seed)
    preset = auto_preset() if config.preset == "auto" else config.preset
    model = clip.build(preset, config.weights)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    optimizer = Adam(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=config.lr,
        betas=config.betas,
        eps=config.eps,
        weight_decay=config.weight_decay,
    )
    return model, optimizer


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the best epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    train_split, val_split = open_split(config, "train"), open_split(config, "val")
    model, optimizer = build(config)
    pairs = Pairs(train_split, model.image_size, config.cache_mb)
    usable = pairs.check(skip=config.on_error == "skip")
    groups = group_members(train_split, config.attribute, usable)
    steps = steps_per_pass(len(usable), config.batch_size)
    identity = {name: str(value) for name, value in asdict(config).items() if name not in FREE}
    identity["data"] = f"{train_split.fingerprint()} {val_split.fingerprint()}"
    done = load_state(folder / "last", model, optimizer, identity) if resume else Progress()
    settings.keep(config, folder)
    make_record = partial(describe, config, val_split.statement())
    with RunLog(folder, first_step=done.epochs * steps) as log, progress_bar("training") as bar:
        announce(config, model, train_split, val_split)
        for epoch in range(done.epochs, config.epochs):
            for step in range(epoch * steps, (epoch + 1) * steps):
                batch = batch_at(usable, config.batch_size, step, (config.seed, 0))
                batches = group_batches(groups, config.group_batch_size, step, config.seed)
                loss, scalars = step_loss(
                    model,
                    pairs.fetch(batch),
                    group_similarities(model, pairs, batches),
                    weight=config.fair_lambda,
                    blur=config.blur,
                    scaling=config.scaling,
                )
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                log.scalars(step, scalars)
                bar.show(step + 1, config.epochs * steps)
            done, auc = keep_best(model, val_split, folder / "best", done, make_record)
            log.scalars(step, {"validation/auc": auc})
            save_state(folder / "last", model, optimizer, done, identity)
            LOG.info(
                f"epoch {epoch + 1} of {config.epochs}: validation AUC {auc:.3f}, "
                f"CLIP loss at its end {scalars['loss/clip']:.3f}"
            )
        LOG.info(f"kept epoch {done.best_epoch}: validation AUC {done.best:.3f}")
    return folder / "best"


def open_split(config: Config, name: str) -> FairVLMed:
    """A split of the data set; only training needs its texts."""
    return FairVLMed(
        config.data,
        name,
        target=config.target,
        text_source=config.text_source if name == "train" else None,
        on_error=config.on_error,
    )


def announce(config: Config, model: clip.Clip, train_split: FairVLMed, val: FairVLMed) -> None:
    """Log what is trained, on what."""
    if config.preset == "tiny":
        LOG.info("preset tiny: a small model for machines without a GPU; see --preset vit-b16")
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    LOG.info(
        f"{config.preset} from {config.weights or 'random'} weights on {model.device}: "
        f"{trained:,} trained parameters"
    )
    LOG.info(f"{len(train_split)} images to train, {len(val)} to validate, from {config.data}")
    if train_split.statement():
        LOG.info(str(train_split.statement()))


def describe(
    config: Config, data: str | None, *, threshold: Threshold, selected_on: SelectedOn
) -> FairCLIPRecord:
    """The record of a checkpoint; `data` is what the data set says of itself."""
    negative = "non-glaucoma" if config.target == "glaucoma" else f"no {config.target}"
    return FairCLIPRecord(
        preset=config.preset,
        threshold=threshold,
        fair_mode=config.fair_mode,
        data=data,
        target=config.target,
        attribute=config.attribute,
        text_source=config.text_source,
        class_names=(negative, config.target),
        config=asdict(config),
        selected_on=selected_on,
        seed=config.seed,
    )


def main() -> None:
    """Entry point of `python -m training.fairclip`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairclip", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    ensure_default(config.data)
    train(config, folder, resume)


if __name__ == "__main__":
    main()
