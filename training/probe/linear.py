"""FairCLIP's linear probe: batch normalisation and a linear layer, by LARS on kept features."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fairness.arrays import IntArray
from fairness.errors import DataError
from training.lars import Lars
from training.models.head import build_head
from training.probe.config import Config
from training.resume import Identity, Progress, load_state, save_state
from training.runlog import RunLog, progress_bar
from training.schedules import HalfCosine

PER_BATCH = 256
"""Samples for which `base_lr` is meant."""


class Heads(nn.Module):
    """The head that is trained, and the best of it so far: what a stopped run goes on from."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.now = build_head("linear", width)
        self.best = copy.deepcopy(self.now)


def batches_of(n: int, size: int, epoch: int, seed: int) -> list[IntArray]:
    """The batches of an epoch: full ones alone; where `n` < `size`, one of all samples."""
    order = np.random.default_rng([seed, 0, epoch]).permutation(n)
    size = min(size, n)
    return [order[start : start + size] for start in range(0, n - size + 1, size)]


def step_loss(head: nn.Module, features: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of the logits of features (B, D), against labels (B,) of 0 and 1."""
    logits = head(features)[:, 0]
    return functional.binary_cross_entropy_with_logits(logits, labels.float())


def fit(
    config: Config,
    width: int,
    labels: Tensor,
    features: Callable[[int, IntArray], Tensor],
    judge: Callable[[nn.Module, Progress, int], tuple[Progress, float]],
    folder: Path,
    identity: Identity,
    log: RunLog,
    resume: bool,
) -> tuple[nn.Module, Progress]:
    """Train a head, and return it as it was in the kept epoch.

    Args:
        config: settings of the run.
        width: of the features.
        labels: (n,) 0 or 1, on the device of the features.
        features: those of some samples (B,) in an epoch: (B, width).
        judge: scores a head after an epoch; the kept epoch is the one it makes the best.
        folder: of the state, for `--resume`.
        identity: settings and data of the run.
        log: of the run.
        resume: go on from the state in the folder.

    Raises:
        DataError: the loss is not finite, or the state is damaged.
        UsageError: the state is of another run.
    """
    torch.manual_seed(config.seed)
    heads = Heads(width).to(labels.device)
    optimizer = Lars(heads.now.parameters())
    done = load_state(folder, heads, optimizer, identity) if resume else Progress()
    n = len(labels)
    base = config.base_lr * min(config.batch_size, n) / PER_BATCH
    schedule = HalfCosine(base, config.epochs, config.warmup)
    with progress_bar("fitting") as bar:
        for epoch in range(done.epochs, config.epochs):
            chosen = batches_of(n, config.batch_size, epoch, config.seed)
            heads.now.train()
            for number, batch in enumerate(chosen):
                optimizer.param_groups[0]["lr"] = schedule.at(epoch + number / len(chosen))
                loss = step_loss(heads.now, features(epoch, batch), labels[batch])
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
            bar.show(epoch + 1, config.epochs)
            if (epoch + 1) % config.evaluate_every and epoch + 1 < config.epochs:
                continue
            if not loss.isfinite():
                raise DataError(f"the probe diverged in epoch {epoch + 1}; lower --base-lr")
            heads.now.eval()
            done, auc = judge(heads.now, done, epoch + 1)
            if done.best_epoch == epoch + 1:
                heads.best.load_state_dict(heads.now.state_dict())
            log.scalars(epoch + 1, {"loss": loss.item(), "auc": auc})
            save_state(folder, heads, optimizer, done, identity)
    return heads.best.eval(), done
