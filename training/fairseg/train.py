"""FairSeg's training: epochs of plain steps, each followed by validation."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from numpy.random import default_rng

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN, UNKNOWN_LABEL
from fairness.datasets.fairseg import FairSeg
from fairness.errors import UsageError
from training import settings
from training.batching import batch_at, steps_per_pass
from training.checkpoint_record import FairSegRecord
from training.fairseg.config import FREE, Config
from training.fairseg.crops import Crops
from training.fairseg.step import Trainee, make, prepared, take_step
from training.fairseg.validation import BATCH, conclude, keep_best
from training.kept import Kept
from training.precision import gradient_scaler, make_deterministic
from training.processes import join
from training.resume import Progress, identity_of, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.schedules import Schedule
from training.starting_data import announce_data, attribute_of, known_groups


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the best epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    processes = join(config.processes)
    make_deterministic(config.deterministic)
    data, val = (FairSeg(config.data, name, on_error=config.on_error) for name in ("train", "val"))
    both, optimizer = make(config, attribute_of(data, config.attribute).groups)
    crops = Crops(data, config.crop, config.cache_mb)
    usable, shape = crops.check(config.on_error == "skip")
    judged, _ = Crops(val, config.crop, keep_mb=0).check(config.on_error == "skip", shape)
    kept = partial(Kept(config.cache_mb).batches, val, BATCH, judged)
    require_groups(config, data, usable)
    steps = steps_per_pass(len(usable), config.batch_size)
    schedule = Schedule(config.lr, config.epochs * steps, config.warmup)
    identity = identity_of(config, FREE)
    identity["data"] = f"{data.fingerprint()} {val.fingerprint()}"
    scaler, state = gradient_scaler(both.device, config.precision), folder / "last"
    done = load_state(state, both, optimizer, identity, scaler) if resume else Progress()
    if processes.is_main:
        settings.keep(config, folder)
    record = describe(config, shape, data)
    last = min(config.epochs, config.stop_epoch or config.epochs)
    codes = torch.from_numpy(data.codes[config.attribute])
    run_log = RunLog(folder, first_step=done.epochs * steps, writes=processes.is_main)
    with run_log as log, progress_bar("training") as bar:
        announce(config, both)
        announce_data(data, val)
        for epoch in range(done.epochs, last):
            both.train()
            for step in range(epoch * steps, (epoch + 1) * steps):
                batch = batch_at(usable, config.batch_size, step, (config.seed, 0))
                own = batch[processes.rows(len(batch))]
                images, masks = crops.fetch(own, (config.seed, 1, step))
                for group in optimizer.param_groups:
                    group["lr"] = schedule.at(step)
                seed_dropout(config.seed, step, processes.rank)
                stepped = both, optimizer, scaler, processes, config
                scalars = take_step(*stepped, images, masks, codes[batch])
                log.scalars(step, {**scalars, "lr": schedule.at(step)})
                bar.show(step + 1, last * steps)
            if not processes.is_main:
                continue
            prepare = prepared(config, shape, both)
            done, found = keep_best(both.network, prepare, val, kept, folder / "best", done, record)
            log.scalars(step, {f"validation/{name}": value for name, value in found.items()})
            save_state(state, both, optimizer, done, identity, scaler)
            LOG.info(
                f"epoch {epoch + 1} of {last}: validation Dice rim {found['rim_dice']:.3f}, "
                f"cup {found['cup_dice']:.3f}; loss at its end {scalars['loss/total']:.3f}"
            )
        if processes.is_main:
            LOG.info(f"kept epoch {done.best_epoch}: mean validation Dice {done.best:.3f}")
            prepare, constant = prepared(config, shape, both), crops.counts.best()
            conclude(both.network, prepare, val, kept, folder / "best", done, constant)
    return folder / "best"


def seed_dropout(seed: int, step: int, rank: int) -> None:
    """Make dropout a function of step and process, as the batch is, so a resumed run repeats it."""
    key = [seed, 2, step, rank] if rank else [seed, 2, step]
    torch.manual_seed(int(default_rng(key).integers(2**63)))


def require_groups(config: Config, data: FairSeg, usable: IntArray) -> None:
    """Refuse a fair mode that has no two groups to compare among the usable training samples.

    Raises:
        UsageError: all of them are unknown, or of one group.
    """
    if config.fair_mode == "none":
        return
    found = known_groups(data, config.attribute, usable)
    if len(found) < 2:
        raise UsageError(
            f"{config.data}: {config.attribute} is {' or '.join([*found, UNKNOWN_LABEL])} in all "
            f"training samples, and --fair-mode {config.fair_mode} needs two groups to compare; "
            "choose another --attribute, or --fair-mode none"
        )
    unknown = int((data.codes[config.attribute][usable] == UNKNOWN).sum())
    if unknown and config.fair_mode == "groupdro":
        LOG.warning(
            f"{unknown} of {len(usable)} training samples have an unknown {config.attribute}: "
            "groupdro leaves them out of the loss"
        )


def announce(config: Config, both: Trainee) -> None:
    """Log network, weights and number of trained parameters."""
    if config.preset == "tiny":
        LOG.info("preset tiny: a small network for machines without a GPU; see --preset full")
    trained = sum(p.numel() for p in both.network.parameters() if p.requires_grad)
    origin = config.start or config.weights or "random weights"
    LOG.info(f"{config.model} ({config.preset}) from {origin}: {trained:,} trained parameters")
    share = -(-config.batch_size // config.processes)
    seen = min(share, config.micro_batch or share)
    if config.model != "samed" and seen < config.batch_size:
        LOG.warning(
            f"the batch norms of {config.model} see {seen} images at a time, not "
            f"{config.batch_size}: that is another training; samed has none"
        )


def describe(config: Config, shape: tuple[int, int], data: FairSeg) -> FairSegRecord:
    """The record of a checkpoint for images (H, W) of a data set, but for the epoch."""
    return FairSegRecord(
        preset=config.preset,
        data=data.statement(),
        dataset=data.name,
        target=data.target,
        attribute=config.attribute,
        config=asdict(config),
        seed=config.seed,
        model=config.model,
        fair_mode=config.fair_mode,
        image_shape=shape,
        crop=config.crop,
        compat=config.compat == "fairseg",
    )
