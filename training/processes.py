"""Several processes that train one model together, each with its share of every batch.

    python -m torch.distributed.run --nproc-per-node 2 -m training.fairclip --processes 2

Every process computes the loss of the whole batch, from answers gathered with their gradients; the
gradients of the weights are then averaged. A run of several processes is therefore that of one with
the same batch, but for rounding. One GPU belongs to each, or they are on the CPU all.
"""

import atexit
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from fairness.arrays import IntArray
from fairness.errors import UsageError
from training.runlog import CONSOLE

PATIENCE = timedelta(days=1)
"""For a process that validates while the others wait; the launcher ends all if one fails."""


@dataclass(frozen=True)
class Processes:
    """This process and its number among all."""

    count: int = 1
    rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether it is the one that validates, logs and writes files."""
        return self.rank == 0

    def rows(self, n: int) -> IntArray:
        """Its share of n rows: as many as the others', so that the last may repeat row n - 1."""
        each = -(-n // self.count)
        return np.minimum(np.arange(self.rank * each, (self.rank + 1) * each), n - 1)

    def gather(self, share: Tensor, n: int) -> Tensor:
        """All n rows on every process, from the share of each, (rows, ...), with gradient.

        A process gets the gradient of its own share only, times their number, which `average`
        takes away again.
        """
        if self.count == 1:
            return share
        from accelerate.utils import gather

        shares = list(gather(share.detach()).split(len(share)))
        if share.requires_grad:
            share.register_hook(lambda gradient: gradient * self.count)  # type: ignore[no-untyped-call]
        shares[self.rank] = share
        return torch.cat(shares)[:n]

    def average(self, optimizer: Optimizer) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.count == 1:
            return
        from accelerate.utils import reduce

        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = reduce(parameter.grad, reduction="mean")


def join(wanted: int) -> Processes:
    """Meet the other processes, and silence the terminal of all but the first.

    Args:
        wanted: how many there must be.

    Raises:
        UsageError: another number was launched, or a process has no GPU where others have one.
    """
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if launched != wanted:
        were = "was" if launched == 1 else "were"
        raise UsageError(_launch(wanted, f"{launched} {were} launched"))
    if wanted == 1:
        return Processes()
    gpus = torch.cuda.device_count()
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if 0 < gpus < here:
        raise UsageError(f"{here} processes share {gpus} GPUs: launch one a GPU")
    from accelerate import PartialState

    state = PartialState(cpu=gpus == 0, timeout=PATIENCE)
    if state.num_processes != wanted:
        raise UsageError(_launch(wanted, f"{state.num_processes} found one another"))
    CONSOLE.quiet = not state.is_main_process
    atexit.register(_leave)
    return Processes(state.num_processes, state.process_index)


def main_first(wanted: int) -> AbstractContextManager[None]:
    """A context that the first process leaves before the others enter; errors as `join`."""
    if join(wanted).count == 1:
        return nullcontext()
    from accelerate import PartialState

    first: AbstractContextManager[None] = PartialState().main_process_first()
    return first


def follow(loss: Tensor, optimizer: Optimizer, scaler: GradScaler, processes: Processes) -> None:
    """One optimiser step along the gradient of a loss that every process has computed."""
    optimizer.zero_grad()
    torch.autograd.backward(scaler.scale(loss))
    processes.average(optimizer)
    scaler.step(optimizer)
    scaler.update()


def _leave() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _launch(wanted: int, found: str) -> str:
    how = "start it without a launcher"
    if wanted > 1:
        how = f"launch it by `python -m torch.distributed.run --nproc-per-node {wanted} -m ...`"
    return f"--processes is {wanted}, but {found}: {how}, or change --processes"
