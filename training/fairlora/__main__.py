"""Trains FairLoRA (Li et al., IEEE TMI 2025), or a baseline of it, over several sites.

    python -m training.fairlora

docs/methods.md says what follows the paper, what its authors' code, and where this differs;
docs/federated.md how the same code runs between hospitals.
"""

import sys
from pathlib import Path

from training.command import run_command
from training.fairlora.config import Config, auto_preset
from training.starting_data import ensure_data

HELP = """Train FairLoRA, or a baseline, over several sites that are all on this machine.

Settings come from training/configs/fairlora.yaml, or another file given with --config, and then
from the flags below. Where data/DATASET is missing, a synthetic data set is written there.

Examples:
  python -m training.fairlora
  python -m training.fairlora --method fedavg --rounds 10
  python -m training.fairlora --dataset fairfedmed-chest --data /data/chest --attribute gender
  python -m training.fairlora --preset vit-b16 --weights weights/clip-vit-base-patch16
  python -m training.fairlora --resume
"""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairlora", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    config.check()
    ensure_data(config.dataset, config.root)
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from training.fairlora.train import train

    train(config, folder, resume)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
