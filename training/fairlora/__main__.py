"""Trains FairLoRA (Li et al., IEEE TMI 2025), or a baseline of it, over several sites.

    python -m training.fairlora

docs/methods.md says what follows the paper, what its authors' code, and where this differs;
docs/federated.md how the same code runs between hospitals.
"""

import logging
import sys
from dataclasses import replace
from pathlib import Path

import torch

from training.command import run_command
from training.fairlora.client_app import app
from training.fairlora.config import Config
from training.fairlora.data import ensure_default, open_split, site_names
from training.fairlora.in_process import LocalGrid
from training.fairlora.server_app import lead
from training.fairlora.simulation import simulate

HELP = """Train FairLoRA, or a baseline, over several sites that are all on this machine.

Settings come from training/configs/fairlora.yaml, or another file given with --config, and then
from the flags below. Where the data are missing and --data is not given, synthetic sites are
written.

Examples:
  python -m training.fairlora
  python -m training.fairlora --method fedavg --rounds 10
  python -m training.fairlora --dataset fairfedmed-chest --data /data/chest --attribute gender
  python -m training.fairlora --preset vit-b16 --weights weights/clip-vit-base-patch16
  python -m training.fairlora --resume
"""


def auto_preset() -> str:
    """What the preset `auto` means on this machine."""
    return "vit-b16" if torch.cuda.is_available() else "tiny"


def train(config: Config, folder: Path, resume: bool) -> Path:
    """Train with all sites on this machine; the folder of the best round's checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or no site could train.
    """
    own = (config.state or folder / "sites").resolve()
    config = replace(config, data=config.root.resolve(), sites=site_names(config), state=own)
    config.check()
    val_sha256 = open_split(config, "val", config.sites).fingerprint()
    if config.engine == "simulation":
        simulate(config, folder, resume, val_sha256)
    else:
        logging.getLogger("flwr").setLevel(logging.WARNING)
        lead(LocalGrid(app, config.clients), config, folder, resume, val_sha256)
    return folder / "best"


def main() -> None:
    """Entry point of `python -m training.fairlora`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairlora", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    config.check()
    ensure_default(config)
    train(config, folder, resume)


if __name__ == "__main__":
    main()
