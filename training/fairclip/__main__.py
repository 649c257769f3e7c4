"""Trains FairCLIP (Luo et al., CVPR 2024): CLIP's contrastive loss plus a fair term over groups.

    python -m training.fairclip

docs/methods.md says what follows the paper, what the authors' code, and where this differs.
"""

import sys
from pathlib import Path

from fairness.datasets.fairvlmed import FairVLMed
from training.command import run_command
from training.fairclip.config import Config, auto_preset
from training.starting_data import ensure_data

HELP = """Train FairCLIP on image-note pairs: CLIP's contrastive loss plus a fair term over groups.

Settings come from training/configs/fairclip.yaml, or another file given with --config, and then
from the flags below. Where data/fairvlmed is missing, a synthetic data set is written there.

Examples:
  python -m training.fairclip
  python -m training.fairclip --attribute gender --fair-lambda 1.0 --seed 1
  python -m training.fairclip --attribute race=1,gender=0.5 --fair-every 6
  python -m training.fairclip --fair-mode none --out runs/clip/first
  python -m training.fairclip --preset vit-b16 --weights weights/clip-vit-base-patch16
  python -m training.fairclip --preset vit-b16 --weights clip_ep007.pth --epochs 0
  python -m training.fairclip --resume
  python -m torch.distributed.run --nproc-per-node 2 -m training.fairclip --processes 2
"""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairclip", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from training.fairclip.as_given import keep_as_given
    from training.fairclip.train import train
    from training.processes import main_first

    with main_first(config.processes):
        ensure_data(FairVLMed.name, config.data)
    if config.epochs == 0:
        keep_as_given(config, folder)
    else:
        train(config, folder, resume)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
