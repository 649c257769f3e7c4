"""Fits a probe: a small classifier on the features of a frozen encoder.

    python -m training.probe --backbone runs/fairclip/TIME

docs/methods.md says what follows the paper, what the authors' code, and where this differs.
"""

import sys
from pathlib import Path

from fairness.datasets.fairvlmed import FairVLMed
from training.command import run_command
from training.encoding import auto_preset
from training.probe.config import Config
from training.starting_data import ensure_data

HELP = """Fit a classifier on the features of a frozen encoder: FairCLIP's linear probe.

The encoder is CLIP from --weights, or that of a finished run of FairCLIP or BLIP-2. Its features
are computed once and kept beside the run. Settings come from training/configs/probe.yaml, or
another file given with --config, and then from the flags below.

Examples:
  python -m training.probe --backbone runs/fairclip/TIME
  python -m training.probe --preset vit-b16 --weights weights/clip-vit-base-patch16
  python -m training.probe --backbone runs/fairclip/TIME --features image-text
  python -m training.probe --backbone runs/fairclip/TIME --head logistic
"""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "probe", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    ensure_data(FairVLMed.name, config.data)
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from training.probe.train import train

    train(config, folder, resume)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
