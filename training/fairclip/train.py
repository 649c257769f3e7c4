"""FairCLIP's training: epochs of plain steps, each followed by validation."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.optim import Adam, Optimizer

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.fairvlmed import FairVLMed
from training import settings
from training.batching import batch_at, steps_per_pass
from training.checkpoint_record import FairCLIPRecord
from training.fairclip.config import FREE, Config, auto_preset
from training.fairclip.encoder import Encoder
from training.fairclip.objective import queue_drift, step_loss
from training.fairclip.pairs import Pairs, make_objective
from training.fairclip.validation import conclude, keep_best
from training.kept import Kept
from training.learned import require_both_classes
from training.models import clip
from training.precision import gradient_scaler, make_deterministic
from training.processes import follow, join
from training.resume import Progress, identity_of, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.selection import Selection
from training.starting_data import announce_data


def build(config: Config) -> tuple[clip.Clip, Optimizer]:
    """The model, on a GPU if there is one, and its optimiser.

    Raises:
        UsageError: the weights are not there, or belong to another architecture.
    """
    torch.manual_seed(config.seed)
    preset = auto_preset() if config.preset == "auto" else config.preset
    model = clip.build(preset, config.weights, config.train_all)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    optimizer = Adam(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        lr=config.lr,
        betas=config.betas,
        eps=config.eps,
        weight_decay=config.weight_decay,
        fused=True if model.device.type == "cuda" else None,  # one kernel, not several a tensor
    )
    return model, optimizer


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the best epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    processes = join(config.processes)
    make_deterministic(config.deterministic)
    train_split, val_split = open_split(config, "train"), open_split(config, "val")
    test_split = open_split(config, "test") if config.select_on == "test" else None
    selection = Selection(config.select_on, val_split, test_split)
    require_both_classes(train_split, train_split.labels)
    selection.check()
    model, optimizer = build(config)
    pairs = Pairs(train_split, model.image_size, config.cache_mb)
    kept = Kept(config.cache_mb, model.preprocess.crop, model.device)
    usable = pairs.check(skip=config.on_error == "skip")
    objective = make_objective(config, config.seed, train_split, usable).to(model.device)
    both = nn.ModuleList([model, objective])
    steps = steps_per_pass(len(usable), config.batch_size)
    identity = identity_of(config, FREE)
    identity["data"] = f"{train_split.fingerprint()} {val_split.fingerprint()}"
    scaler, state = gradient_scaler(model.device, config.precision), folder / "last"
    done = load_state(state, both, optimizer, identity, scaler) if resume else Progress()
    if processes.is_main:
        settings.keep(config, folder)
    encoder = Encoder(model, pairs, config.precision, config.micro_batch, processes)
    make_record = partial(describe, config, val_split)
    run_log = RunLog(folder, first_step=done.epochs * steps, writes=processes.is_main)
    with run_log as log, progress_bar("training") as bar:
        announce(config, model)
        announce_data(train_split, val_split)
        selection.announce()
        for epoch in range(done.epochs, config.epochs):
            for step in range(epoch * steps, (epoch + 1) * steps):
                batch = batch_at(usable, config.batch_size, step, (config.seed, 0))
                loss, scalars = step_loss(encoder, objective, step, batch)
                follow(loss, optimizer, scaler, processes)
                log.scalars(step, scalars)
                bar.show(step + 1, config.epochs * steps)
            drift = queue_drift(encoder, objective)
            if not processes.is_main:
                continue
            done, auc = keep_best(model, selection, kept, folder / "best", done, make_record)
            log.scalars(step, {f"{selection.named}/auc": auc, **drift})
            save_state(state, both, optimizer, done, identity, scaler)
            LOG.info(
                f"epoch {epoch + 1} of {config.epochs}: {selection.named} AUC {auc:.3f}, "
                f"CLIP loss at its end {scalars['loss/clip']:.3f}"
            )
        if processes.is_main:
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


def announce(config: Config, model: clip.Clip) -> None:
    """Log model, weights and number of trained parameters."""
    if config.preset == "tiny":
        LOG.info("preset tiny: a small model for machines without a GPU; see --preset vit-b16")
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    LOG.info(
        f"{config.preset} from {config.weights or 'random'} weights on {model.device}: "
        f"{trained:,} trained parameters"
    )


def describe(
    config: Config, val: FairVLMed, threshold: Threshold, selected_on: SelectedOn
) -> FairCLIPRecord:
    """The record of a checkpoint whose threshold was chosen on the split `val`."""
    negative = "non-glaucoma" if config.target == "glaucoma" else f"no {config.target}"
    return FairCLIPRecord(
        preset=config.preset,
        threshold=threshold,
        fair_mode=config.fair_mode,
        score_scale=config.compared_scale,
        attributes=config.attributes if config.fair_mode != "none" else {},
        data=val.statement(),
        dataset=val.name,
        target=config.target,
        attribute=next(iter(config.attributes)),
        text_source=config.text_source,
        class_names=(negative, config.target),
        config=asdict(config),
        selected_on=selected_on,
        seed=config.seed,
    )
