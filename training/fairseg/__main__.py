"""Trains FairSeg (Tian et al., ICLR 2024): SAMed or TransUNet with Fair Error-Bound Scaling.

    python -m training.fairseg --model transunet

docs/methods.md says what follows the paper, what the authors' code, and where this differs.
"""

import sys
from pathlib import Path

from fairness.datasets.fairseg import FairSeg
from training.command import run_command
from training.fairseg.config import Config, auto_preset
from training.starting_data import ensure_data

HELP = """Train a network that outlines optic disc and cup, fairly over groups or plainly.

Settings come from training/configs/fairseg.yaml, or another file given with --config, and then
from the flags below. Where data/fairseg is missing, a synthetic data set is written there.

Examples:
  python -m training.fairseg --model transunet
  python -m training.fairseg --model samed --weights weights/sam_vit_b_01ec64.pth
  python -m training.fairseg --model samed --fair-mode safe --start runs/fairseg/BASE
  python -m training.fairseg --resume
"""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted."""
    return run_command(Config, arguments, "fairseg", auto_preset(), HELP, start)


def start(config: Config, folder: Path, resume: bool) -> None:
    """Write synthetic data where the default folder is missing, then train."""
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from training.fairseg.train import train
    from training.processes import main_first

    with main_first(config.processes):
        ensure_data(FairSeg.name, config.data)
    train(config, folder, resume)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
