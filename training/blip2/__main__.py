"""Trains BLIP-2's first stage on image-note pairs, with FairCLIP's fair term over groups.

    python -m training.blip2

docs/methods.md says what follows the papers, what the released code, and where this differs.
"""

import sys
from pathlib import Path

from fairness.datasets.fairvlmed import FairVLMed
from training.blip2.config import Config, auto_preset
from training.command import run_command
from training.starting_data import ensure_data

HELP = """Train BLIP-2 (first stage) on image-note pairs: a Q-Former on a frozen image tower learns
to tell, to match and to write the note of an image; a fair term over groups can be added.

Settings come from training/configs/blip2.yaml, or another file given with --config, and then from
the flags below. Where data/fairvlmed is missing, a synthetic data set is written there.

Examples:
  python -m training.blip2
  python -m training.blip2 --fair-mode none --seed 1
  python -m training.blip2 --preset vit-l14 --bert weights/bert-base-uncased
  python -m training.blip2 --preset vit-l14 --weights blip2.pth --tokenizer weights/bert
  python -m training.blip2 --resume
"""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "blip2", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    ensure_data(FairVLMed.name, config.data)
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from training.blip2.train import train

    train(config, folder, resume)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
