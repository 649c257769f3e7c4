"""FairSeg's step at full size with random weights: speed and memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from benchmarks.gpu_timing import guarded_row, timed
from training import settings
from training.checkpoint_record import Network
from training.fairseg.config import Config
from training.fairseg.step import Trainee, make, take_step
from training.precision import gradient_scaler
from training.processes import Processes
from training.scale_settings import Precision

GROUPS = ("Asian", "Black", "White")
NETWORKS: tuple[Network, ...] = ("samed", "transunet", "transunet-r50")
HEAD = ["network", "precision", "batch", "at once", "images/s", "ms a step", "GiB"]


def config_of(network: Network, preset: str) -> Config:
    """The published settings of a network."""
    file = settings.CONFIGS / "fairseg.yaml"
    return settings.read(Config, file, preset, preset, network)


def stepper(config: Config) -> tuple[Trainee, Callable[[], object]]:
    """What is trained, and a step as `training.fairseg` takes it, on random crops and masks."""
    both, optimizer = make(config, GROUPS)
    draw = torch.Generator().manual_seed(0)
    shape = (config.batch_size, config.crop, config.crop)
    images = torch.randint(256, shape, generator=draw, dtype=torch.uint8)
    masks = torch.randint(3, shape, generator=draw, dtype=torch.uint8)
    groups = torch.arange(config.batch_size) % len(GROUPS)
    scaler = gradient_scaler(both.device, config.precision)
    both.train()
    for group in optimizer.param_groups:
        group["lr"] = 1e-4  # noise has nothing to learn; the loss shall stay finite
    stepped = both, optimizer, scaler, Processes(), config
    return both, lambda: take_step(*stepped, images, masks, groups)


def speed_rows(preset: str) -> Iterator[list[str]]:
    """A row for each network and precision, and SAMed in parts."""
    plans: list[tuple[Network, Precision, int | None]] = [
        (network, precision, None) for network in NETWORKS for precision in ("fp32", "bf16")
    ]
    plans.insert(2, ("samed", "bf16", 12))
    for network, precision, part in plans:
        config = replace(config_of(network, preset), precision=precision, micro_batch=part)
        names = [network, precision, str(config.batch_size), str(part or "all")]

        def work(config: Config = config) -> list[str]:
            return timed(stepper(config)[1], config.batch_size).cells()

        yield guarded_row(names, len(HEAD), work)
