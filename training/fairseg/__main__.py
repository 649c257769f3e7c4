"""Trains FairSeg (Tian et al., ICLR 2024): SAMed or TransUNet with Fair Error-Bound Scaling.

    python -m training.fairseg --model transunet

docs/methods.md says what follows the paper, what the authors' code, and where this differs.
"""

import sys
from dataclasses import asdict
from pathlib import Path

import torch
from numpy.random import default_rng

from fairness.datasets.fairseg import FairSeg
from fairness.errors import UsageError
from training import settings
from training.command import run_command
from training.fairseg.crops import Crops
from training.fairclip.pairs import batch_at, steps_per_pass
from training.fairseg.config import DEFAULT_ROOT, FREE, Config, auto_preset
from training.fairseg.start import ensure_default
from training.fairseg.validation import keep_best
from training.checkpoint_record import FairSegRecord
from training.resume import Progress, load_state, save_state
from training.runlog import LOG, RunLog, progress_bar
from training.schedules import Schedule
from training.fairseg.step import Trainee, make, prepared, take_step

HELP = """Train a network that outlines optic disc and cup, fairly over groups or plainly.

Settings come from training/configs/fairseg.yaml, or another file given with --config, and then
from the flags below. Where data/fairseg is missing, a synthetic data set is written there.

Examples:
  python -m training.fairseg --model transunet
  python -m training.fairseg --model samed --weights weights/sam_vit_b_01ec64.pth
  python -m training.fairseg --model samed --fair-mode safe --start runs/fairseg/BASE
  python -m training.fairseg --resume
"""


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Train, and return the folder of the best epoch's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    data, val = (FairSeg(config.data, name, on_error=config.on_error) for name in ("train", "val"))
    known = {attribute.name: attribute for attribute in data.attributes}
    if config.attribute not in known:
        raise UsageError(f"no attribute '{config.attribute}'; choose from {', '.join(known)}")
    both, optimizer = make(config, known[config.attribute].groups)
    crops = Crops(data, config.crop, config.cache_mb)
    usable, shape = crops.check(config.on_error == "skip")
    judged, _ = Crops(val, config.crop, keep_mb=0).check(config.on_error == "skip", shape)
    steps = steps_per_pass(len(usable), config.batch_size)
    schedule = Schedule(config.lr, config.epochs * steps, config.warmup)
    identity = {name: str(value) for name, value in asdict(config).items() if name not in FREE}
    identity["data"] = f"{data.fingerprint()} {val.fingerprint()}"
    done = load_state(folder / "last", both, optimizer, identity) if resume else Progress()
    settings.keep(config, folder)
    record = describe(config, shape, data.statement())
    last = min(config.epochs, config.stop_epoch or config.epochs)
    codes = torch.from_numpy(data.codes[config.attribute])
    with RunLog(folder, first_step=done.epochs * steps) as log, progress_bar("training") as bar:
        announce(config, both, data, val)
        for epoch in range(done.epochs, last):
            both.train()
            for step in range(epoch * steps, (epoch + 1) * steps):
                batch = batch_at(usable, config.batch_size, step, (config.seed, 0))
                images, masks = crops.fetch(batch, (config.seed, 1, step))
                for group in optimizer.param_groups:
                    group["lr"] = schedule.at(step)
                # Of dropout: a function of the step, as the batch is, so a resumed run repeats it.
                torch.manual_seed(int(default_rng([config.seed, 2, step]).integers(2**63)))
                scalars = take_step(both, optimizer, config, images, masks, codes[batch])
                log.scalars(step, {**scalars, "lr": schedule.at(step)})
                bar.show(step + 1, last * steps)
            prepare = prepared(config, shape, both)
            done, found = keep_best(
                both.network, prepare, val, judged, folder / "best", done, record
            )
            log.scalars(step, {f"validation/{name}": value for name, value in found.items()})
            save_state(folder / "last", both, optimizer, done, identity)
            LOG.info(
                f"epoch {epoch + 1} of {last}: validation Dice rim {found['rim_dice']:.3f}, "
                f"cup {found['cup_dice']:.3f}; loss at its end {scalars['loss/total']:.3f}"
            )
        LOG.info(f"kept epoch {done.best_epoch}: mean validation Dice {done.best:.3f}")
    return folder / "best"


def announce(config: Config, both: Trainee, data: FairSeg, val: FairSeg) -> None:
    """Log what is trained, on what."""
    if config.preset == "tiny":
        LOG.info("preset tiny: a small network for machines without a GPU; see --preset full")
    trained = sum(p.numel() for p in both.network.parameters() if p.requires_grad)
    origin = config.start or config.weights or "random weights"
    LOG.info(f"{config.model} ({config.preset}) from {origin}: {trained:,} trained parameters")
    LOG.info(f"{len(data)} images to train, {len(val)} to validate, from {config.data}")
    if data.statement():
        LOG.info(str(data.statement()))


def describe(config: Config, shape: tuple[int, int], data: str | None) -> FairSegRecord:
    """The record of a checkpoint; `data` is what the data set says of itself."""
    return FairSegRecord(
        preset=config.preset,
        data=data,
        attribute=config.attribute,
        config=asdict(config),
        seed=config.seed,
        model=config.model,
        fair_mode=config.fair_mode,
        image_shape=shape,
        crop=config.crop,
        compat=config.compat == "fairseg",
    )


def main() -> None:
    """Entry point of `python -m training.fairseg`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairseg", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    ensure_default(config.data, DEFAULT_ROOT)
    train(config, folder, resume)


if __name__ == "__main__":
    main()
