"""BLIP-2's training: epochs of plain steps, each followed by validation."""

from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from torch import nn
from torch.optim import AdamW, Optimizer

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.fairvlmed import FairVLMed
from training import settings
from training.batching import batch_at, steps_per_pass
from training.blip2.config import FREE, Config
from training.blip2.objective import queue_drift, step_loss
from training.blip2.pairs import CroppedPairs
from training.blip2.rate import learning_rate
from training.blip2.start import initial_model
from training.blip2.validation import conclude, keep_best
from training.checkpoint_record import Blip2Record
from training.fairclip.pairs import make_objective
from training.kept import Kept
from training.learned import require_both_classes
from training.models.blip2 import Blip2
from training.resume import Progress, identity_of, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.selection import Selection
from training.starting_data import announce_data


def optimiser_of(model: Blip2, config: Config) -> Optimizer:
    """AdamW whose decay leaves out biases and other vectors, as the release's does."""
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    plain = [p for n, p in trained.items() if p.ndim == 1 or n.endswith(".bias")]
    decayed = [p for n, p in trained.items() if p.ndim != 1 and not n.endswith(".bias")]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=config.lr, betas=(0.9, config.beta2))


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the best epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, the weights, or the run to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    train_split, val_split = open_split(config, "train"), open_split(config, "val")
    test_split = open_split(config, "test") if config.select_on == "test" else None
    selection = Selection(config.select_on, val_split, test_split)
    require_both_classes(train_split, train_split.labels)
    selection.check()
    pairs = CroppedPairs(train_split, config.cache_mb)
    usable = pairs.check(skip=config.on_error == "skip")
    model = initial_model(config, pairs.texts.values())
    kept = Kept(config.cache_mb, model.squash.crop, model.device)
    objective = make_objective(config, config.seed, train_split, usable).to(model.device)
    both = nn.ModuleList([model, objective])
    optimizer = optimiser_of(model, config)
    steps = steps_per_pass(len(usable), config.batch_size)
    identity = identity_of(config, FREE)
    identity["data"] = f"{train_split.fingerprint()} {val_split.fingerprint()}"
    identity["vocabulary"] = sha256("\n".join(model.sizes.vocabulary).encode()).hexdigest()
    done = load_state(folder / "last", both, optimizer, identity) if resume else Progress()
    settings.keep(config, folder)
    make_record = partial(describe, config, val_split)
    with RunLog(folder, first_step=done.epochs * steps) as log, progress_bar("training") as bar:
        announce(config, model)
        announce_data(train_split, val_split)
        selection.announce()
        for epoch in range(done.epochs, config.epochs):
            model.train()
            for step in range(epoch * steps, (epoch + 1) * steps):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(config, epoch, step - epoch * steps)
                batch = batch_at(usable, config.batch_size, step, (config.seed, 0))
                loss, scalars = step_loss(model, objective, pairs, step, batch)
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                log.scalars(step, scalars | {"lr": optimizer.param_groups[0]["lr"]})
                bar.show(step + 1, config.epochs * steps)
            done, auc = keep_best(model, selection, kept, folder / "best", done, make_record)
            drift = queue_drift(model, objective, pairs, step)
            log.scalars(step, {f"{selection.named}/auc": auc, **drift})
            save_state(folder / "last", both, optimizer, done, identity)
            LOG.info(
                f"epoch {epoch + 1} of {config.epochs}: {selection.named} AUC {auc:.3f}, "
                f"loss at its end {scalars['loss/total']:.3f}"
            )
        conclude(model, selection, kept, folder / "best", done)
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


def announce(config: Config, model: Blip2) -> None:
    """Log model, weights and number of trained parameters."""
    if config.preset == "tiny":
        LOG.info("preset tiny: a small model for machines without a GPU; see --preset vit-l14")
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    tower = config.weights or config.vision or "random weights"
    former = config.weights or config.bert or "random weights"
    LOG.info(
        f"{config.preset} on {model.device}, tower from {tower}, Q-Former from {former}, "
        f"{len(model.sizes.vocabulary):,} word pieces: {trained:,} trained parameters"
    )


def describe(
    config: Config, val: FairVLMed, threshold: Threshold, selected_on: SelectedOn
) -> Blip2Record:
    """The record of a checkpoint whose threshold was chosen on the split `val`."""
    negative = "non-glaucoma" if config.target == "glaucoma" else f"no {config.target}"
    plain = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(config).items()}
    return Blip2Record(
        preset=config.preset,
        threshold=threshold,
        fair_mode=config.fair_mode,
        data=val.statement(),
        dataset=val.name,
        target=config.target,
        score_scale=config.compared_scale,
        attributes=config.attributes if config.fair_mode != "none" else {},
        attribute=next(iter(config.attributes)),
        text_source=config.text_source,
        class_names=(negative, config.target),
        config=plain,
        selected_on=selected_on,
        seed=config.seed,
    )
