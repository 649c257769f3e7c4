"""Whether `--deterministic` gives the same bits twice on this machine's GPU.

    python -m benchmarks.gpu_repeat

A process of its own, since cuBLAS has to be told before its first product.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from benchmarks import gpu_fairclip, gpu_fairseg
from benchmarks.gpu_timing import guarded_row, table
from training.checkpoint_record import Network
from training.fairclip.train import build
from training.precision import make_deterministic
from training.scale_settings import Precision

Run: TypeAlias = Callable[[Precision], list[Tensor]]
STEPS = 3
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
HEAD = ["tiny model", "precision", "weights after three steps, twice"]


def fairclip_run(precision: Precision) -> list[Tensor]:
    """Parameters after some steps from the same seed."""
    config = replace(gpu_fairclip.config_of("tiny"), precision=precision)
    model, optimizer = build(config)
    step = gpu_fairclip.stepper(config, model, optimizer)
    for _ in range(STEPS):
        step()
    return copies(model)


def fairseg_run(network: Network, precision: Precision) -> list[Tensor]:
    """The same of a segmentation network, with dropout and batch norms at work."""
    config = replace(gpu_fairseg.config_of(network, "tiny"), precision=precision, crop=128)
    both, step = gpu_fairseg.stepper(config)
    torch.manual_seed(0)
    for _ in range(STEPS):
        step()
    return copies(both)


def copies(model: nn.Module) -> list[Tensor]:
    """Of all parameters."""
    return [parameter.detach().clone() for parameter in model.parameters()]


def rows() -> Iterator[list[str]]:
    """A row for each network and precision."""
    runs: list[tuple[str, Run]] = [("FairCLIP", fairclip_run)]
    runs += [(f"FairSeg, {n}", partial(fairseg_run, n)) for n in gpu_fairseg.NETWORKS]
    for name, run in runs:
        for precision in PRECISIONS:

            def work(run: Run = run, precision: Precision = precision) -> list[str]:
                same = all(map(torch.equal, run(precision), run(precision)))
                return ["the same bits" if same else "other bits"]

            yield guarded_row([name, precision], len(HEAD), work)


def main() -> None:
    """Print the table."""
    make_deterministic(True)
    table(HEAD, rows())


if __name__ == "__main__":
    main()
